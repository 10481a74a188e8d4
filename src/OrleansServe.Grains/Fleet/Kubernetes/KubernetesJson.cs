using System.Text.Json;

namespace OrleansServe.Grains.Fleet.Kubernetes;

/// <summary>Fields of what the API server sends.</summary>
internal static class KubernetesJson
{
    /// <summary>A field by its path; null where a part of it is missing.</summary>
    public static JsonElement? Find(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element.ValueKind == JsonValueKind.Null ? null : element;
    }

    /// <summary>A text; null where it is missing or none.</summary>
    public static string? FindText(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.Find(path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>A text that must be there.</summary>
    /// <exception cref="FleetUnchangeableException">It is not.</exception>
    public static string Text(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.FindText(path) ?? throw new FleetUnchangeableException($"the API server sends no text {string.Join('.', path.ToArray())}");
}
