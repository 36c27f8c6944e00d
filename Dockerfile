# mcp-http, with the command context-store beside it: docker build --tag context-store .
FROM node:24-bookworm-slim AS build
WORKDIR /source
COPY . .
RUN npm run -s bootstrap -- --filter '!@org/workspace'
RUN npm run -s build -- -p @org/mcp-http,@org/cli
# Each program is a bundle. Only the SQLite driver stays a package, because its code is native.
RUN mkdir -p /image/bin /image/cli /image/node_modules/better-sqlite3/prebuilds
RUN cp -R apps/mcp-http/package.json apps/mcp-http/dist /image && cp -R apps/cli/package.json apps/cli/dist /image/cli
RUN cd apps/mcp-http/node_modules/better-sqlite3 && cp -R package.json lib /image/node_modules/better-sqlite3 && cp prebuilds/linux-* /image/node_modules/better-sqlite3/prebuilds
RUN ln -s ../cli/dist/main.js /image/bin/context-store && find /image -name '*.map' -delete && rm -r /image/dist/types /image/cli/dist/types

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /image .
# No size of the heap: Node.js takes it from the container's limit, by docs/operations/performance.md#memory.
# Others can reach it in a container: it does not start before it is told who they may be (AUTH_MODE and what goes with it).
ENV NODE_ENV=production HOST=0.0.0.0 METRICS_HOST=0.0.0.0 PATH=/app/bin:$PATH
# The user node, by number: Kubernetes cannot see that a name is not root's. Any other user will do, because nothing is written.
USER 1000:1000
EXPOSE 3000 9090
HEALTHCHECK --interval=10s --start-period=10s CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
