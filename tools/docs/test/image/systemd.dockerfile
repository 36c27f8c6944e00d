# A machine with systemd as process 1, for the unit.
FROM node:24-bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends systemd
RUN useradd --system context-store
# systemd shows credentials to a service by a mount, which must be visible beyond the namespace that it is made in.
CMD ["sh", "-c", "mount --make-rshared / && exec /lib/systemd/systemd"]
