# Show one command the file system of a Lambda function: all of it read-only, but for /tmp.
#
#   unshare --mount sh root.sh ROOT LANG RUNTIME OPT TASK COMMAND…
#
# ROOT is an empty folder that becomes /; LANG, Python's own folder, becomes /var/lang; RUNTIME, OPT and TASK become
# /var/runtime, /opt and /var/task. Of this machine only the system's libraries remain to be seen.
set -eu
root=$1 lang=$2 runtime=$3 opt=$4 task=$5
shift 5

show() {
    mkdir -p "$root$2"
    mount --rbind "$1" "$root$2"
    mount -o remount,bind,ro "$root$2"
}

mount -t tmpfs none "$root"
for folder in /bin /etc /lib /lib64 /usr; do
    if [ -e "$folder" ]; then show "$folder" "$folder"; fi
done
show "$lang" /var/lang
show "$runtime" /var/runtime
show "$opt" /opt
show "$task" /var/task
mkdir "$root/dev" "$root/proc" "$root/tmp"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs -o size=512m none "$root/tmp"
# Nobody promises that Lambda's image knows time zones: ours come with the layers.
if [ -d "$root/usr/share/zoneinfo" ]; then mount -t tmpfs -o ro none "$root/usr/share/zoneinfo"; fi
mount -o remount,bind,ro "$root"
cd "$root"
exec chroot "$root" "$@"
