# Runs one program and stands in for its owner when that one is gone.
#
#   sh supervise.sh SCRAP PROGRAM ARGUMENT…
#
# Standard input is the lifeline: a pipe whose other end the owner holds. When it ends, the program is interrupted. Standard output
# tells the owner the program's process id and later its exit status, a line each. When the program and the lifeline have both ended,
# the folder SCRAP is removed (none if empty), unless the owner said `keep`.

scrap=$1
shift

exec 3<&0
"$@" </dev/null >&2 3<&- &
program=$!

# Set after the program began, which thus keeps its own ways. PIPE: nobody may be left to read what is told.
trap '' HUP INT TERM PIPE
echo "$program"

# It sleeps when it has done its duty, so that its process id can't become another's before it is ended below.
{ read -r _ <&3; kill -INT "$program"; exec sleep 86400; } >/dev/null 2>&1 &
watcher=$!

wait "$program"
status=$?
{ kill -KILL "$watcher"; wait "$watcher"; } 2>/dev/null
echo "$status" 2>/dev/null

word=
read -r word <&3
if [ -n "$scrap" ] && [ "$word" != keep ]; then
    rm -rf -- "$scrap"
fi
