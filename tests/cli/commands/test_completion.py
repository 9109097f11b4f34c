import shutil
import subprocess

import pytest

COMPLETE = r"""
complete_words() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
  _shtab_ama ama "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
  printf '%s\n' "${COMPREPLY[@]}"
}
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    from ama.cli.main import main

    path = tmp_path_factory.mktemp("completion") / "ama.sh"
    with pytest.MonkeyPatch.context() as patch, path.open("w") as file:
        patch.setattr("sys.stdout", file)
        assert main(["completion", "bash"]) == 0
    return path


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ama ca", ["calibrate"]),
        ("ama score model source --false", ["--false-alarm-rate"]),
        ("ama fit --preset com", ["compact"]),
        ("ama benchmark fal", ["false-alarms"]),
    ],
)
def test_bash_completes_commands_options_and_choices(script, words, found):
    code = f"set +u; source {script}; {COMPLETE} complete_words {words}"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == found, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script_with_every_command(call, shell):
    status, output, errors = call("completion", shell)
    assert (status, errors) == (0, "")
    assert all(word in output for word in ("calibrate", "false-alarm-rate", "--coco"))


def test_another_shell_is_refused(call):
    status, _, errors = call("completion", "dos")
    assert (status, errors) == (2, "ama: completion: shell must be bash or zsh or fish, found 'dos'\n")
