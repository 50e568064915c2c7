# savedmodel worker with TensorFlow's library. Add `--with tensorflow-text` to the installation if the graphs need it.
FROM node:22-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip
ENV SAVEDMODEL_CACHE=/opt/savedmodel
WORKDIR /app
RUN npm init -y && npm install savedmodel
RUN npx savedmodel install --strip

FROM node:22-slim
ENV NODE_ENV=production SAVEDMODEL_CACHE=/opt/savedmodel
WORKDIR /app
COPY --from=build /opt/savedmodel /opt/savedmodel
COPY --from=build /app /app
USER node
EXPOSE 2222
ENTRYPOINT ["node", "node_modules/savedmodel/dist/generator/cli/main.js", "worker"]
