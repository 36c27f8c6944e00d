/**
 * Stands in bundles for the exporters by gRPC: OpenTelemetry's SDK imports them, and creates one only if variables ask for
 * gRPC while the program gives it no exporter.
 */
function refuseGrpc(): never {
  throw new Error('This program does not export by gRPC.');
}

export { refuseGrpc as OTLPLogExporter, refuseGrpc as OTLPMetricExporter, refuseGrpc as OTLPTraceExporter };
