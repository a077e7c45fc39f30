# One image for all services; the first argument of the container says which: Ingest, Trainer, Recommend, Console or Standalone.
#   docker build -t recommender .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN for service in Ingest Trainer Recommend Console Standalone; do \
      dotnet publish services/$service -c Release -o /app/$service --nologo || exit 1; \
    done

FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /app /app
COPY infra/entrypoint.sh /app/entrypoint.sh
# The image's own unprivileged user.
USER $APP_UID
ENV ASPNETCORE_HTTP_PORTS=8080
EXPOSE 8080
ENTRYPOINT ["/bin/sh", "/app/entrypoint.sh"]
CMD ["Standalone", "--help"]
