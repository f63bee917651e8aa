#!/bin/sh
# new_file.sh COMMAND...: runs a compiler cache after it has removed the precompiled header that is to be made. Where an
# old one lies, ccache takes it for what is compiled, and gives back what it kept for it: headers of another state.
before=
for argument; do
    case $before$argument in
    -o*.gch | -o*.pch) rm -f "$argument" ;;
    esac
    before=$argument
done
exec "$@"
