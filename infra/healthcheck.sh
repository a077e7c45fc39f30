#!/bin/bash
# Inside the image: succeeds when a GET of the path on the port is answered with 200. The image has neither curl nor wget.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
read -r answer <&3
[[ $answer == *' 200 '* ]]
