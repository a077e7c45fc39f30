#!/bin/sh
# Starts the service named by the first argument in its own folder, where its settings are.
set -eu
service=$1
shift
cd "/app/$service"
exec dotnet "Recommender.$service.dll" "$@"
