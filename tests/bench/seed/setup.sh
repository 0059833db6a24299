#!/usr/bin/env bash
# Installs the seed recipe's AWS CLI: setup.sh FOLDER makes a Python environment there, once. The CLI comes from PyPI; there
# it is version 1, which starts about as fast as version 2 (a frozen Python as well).
set -euo pipefail

folder=${1:?usage: setup.sh FOLDER}
[[ -x $folder/bin/aws ]] && exit 0
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: awscli
"$folder/bin/aws" --version
