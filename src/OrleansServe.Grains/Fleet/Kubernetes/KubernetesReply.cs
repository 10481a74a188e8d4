using System.Net;
using System.Text.Json;

namespace OrleansServe.Grains.Fleet.Kubernetes;

/// <summary>What the API server said.</summary>
/// <param name="Status">The status: a success, 404, 409 or 410; all others are faults.</param>
/// <param name="Body">The object.</param>
internal readonly record struct KubernetesReply(HttpStatusCode Status, JsonElement Body);
