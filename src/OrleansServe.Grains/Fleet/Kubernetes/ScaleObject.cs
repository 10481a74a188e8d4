using System.Text.Json;

namespace OrleansServe.Grains.Fleet.Kubernetes;

/// <summary>The scale of a StatefulSet.</summary>
/// <param name="Replicas">Pods that it is asked to have.</param>
/// <param name="Version">The version read, which a write names so that nobody else's is overwritten.</param>
internal readonly record struct ScaleObject(int Replicas, string Version)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="FleetUnchangeableException">It is none.</exception>
    public static ScaleObject Read(JsonElement body)
    {
        // A set that is asked for none at all leaves the field out.
        int replicas = body.Find("spec", "replicas") is not { } field ? 0
            : field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out int value) && value >= 0 ? value
            : throw new FleetUnchangeableException($"the API server sends spec.replicas = {field.GetRawText()}");
        return body.FindText("kind") == "Scale"
            ? new ScaleObject(replicas, body.Text("metadata", "resourceVersion"))
            : throw new FleetUnchangeableException($"the API server sends {body.FindText("kind") ?? "something"} instead of a Scale");
    }

    /// <summary>The body that asks for so many pods instead.</summary>
    public string With(int replicas, string set, string space) => JsonSerializer.Serialize(new
    {
        apiVersion = "autoscaling/v1",
        kind = "Scale",
        metadata = new { name = set, @namespace = space, resourceVersion = Version },
        spec = new { replicas },
    });
}
