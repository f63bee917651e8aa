#!/usr/bin/env bash
# start.sh MPIRUN OPTION...: mpirun as any machine can run it: as root, in a container, with fewer processors than processes.
set -euo pipefail
mpirun=$1
shift
if [[ $mpirun == *openmpi* ]]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_btl_vader_single_copy_mechanism=none # containers may not read each other's memory
    set -- --oversubscribe --bind-to none "$@"
fi
exec "$mpirun" "$@"
