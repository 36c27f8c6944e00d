# mcp-http, with the command context-store beside it: docker build --tag context-store .
FROM node:24-bookworm-slim AS build
WORKDIR /source
COPY . .
RUN npm run -s bootstrap -- --filter '!@org/workspace'
RUN npm run -s build -- -p @org/mcp-http,@org/cli
# What the server needs to run, and nothing of what builds it.
RUN npx -y pnpm@12.21.0 --filter @org/mcp-http --prod --config.inject-workspace-packages=true deploy /image
# The command is one bundle, which finds the SQLite driver of the server.
RUN mkdir /image/cli /image/bin && cp -R apps/cli/package.json apps/cli/dist /image/cli && ln -s ../cli/dist/main.js /image/bin/context-store

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /image .
# No size of the heap: Node.js takes it from the container's limit, by docs/operations/performance.md#memory.
# Others can reach it in a container: it does not start before it is told who they may be (AUTH_MODE and what goes with it).
ENV NODE_ENV=production HOST=0.0.0.0 METRICS_HOST=0.0.0.0 PATH=/app/bin:$PATH
USER node
EXPOSE 3000 9090
HEALTHCHECK --interval=10s --start-period=10s CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
