using System.Text.Json;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Processes;

namespace OrleansServe.EndToEndTests.Kubernetes;

/// <summary>What `kubectl kustomize` makes of an overlay, read and judged by Kubernetes' own schemas.</summary>
internal sealed record Manifests(IReadOnlyList<JsonElement> Documents, IReadOnlyList<string> Faults)
{
    /// <summary>Where the schemas are.</summary>
    public const string Schemas = "tests/OrleansServe.EndToEndTests/kubernetes-schemas";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Renders an overlay.</summary>
    public static async Task<string> RenderAsync(string overlay)
    {
        Client.Kubectl.Require();
        ProcessResult rendered = await ChildProcess.RunAsync("kubectl", ["kustomize", RepositoryPaths.InRoot("k8s", "overlays", overlay)], Limit);
        return rendered.ExitCode == 0 ? rendered.Output : throw new InvalidOperationException(rendered.ToString());
    }

    /// <summary>Reads rendered manifests.</summary>
    public static async Task<Manifests> ReadAsync(string yaml)
    {
        Client.Node(RepositoryPaths.InRoot(Schemas)).Require();
        ProcessResult result = await ChildProcess.RunAsync("node", [RepositoryPaths.InRoot(Schemas, "validate.mjs")], Limit, yaml);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException(result.ToString());
        }

        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement root = document.RootElement.Clone();
        return new Manifests(
            [.. root.GetProperty("documents").EnumerateArray()],
            [.. root.GetProperty("faults").EnumerateArray().Select(fault => fault.GetString()!)]);
    }

    /// <summary>All of a kind.</summary>
    public IEnumerable<JsonElement> OfKind(params string[] kinds) => Documents.Where(document => kinds.Contains(document.GetProperty("kind").GetString()));

    /// <summary>What makes pods.</summary>
    public IEnumerable<JsonElement> Workloads() => OfKind("Deployment", "StatefulSet");

    /// <summary>What makes silos' pods.</summary>
    public IEnumerable<JsonElement> Silos() => Workloads().Where(workload => ComponentOf(workload) != "redis");

    public static string NameOf(JsonElement document) => document.GetProperty("metadata").GetProperty("name").GetString()!;

    public static string ComponentOf(JsonElement document) => document.GetProperty("metadata").GetProperty("labels").GetProperty("app.kubernetes.io/component").GetString()!;

    public static JsonElement PodOf(JsonElement workload) => workload.GetProperty("spec").GetProperty("template");

    public static JsonElement ContainerOf(JsonElement workload) => PodOf(workload).GetProperty("spec").GetProperty("containers")[0];

    /// <summary>A container's environment: the maps it names, and over them its own; a field of the pod stands for itself.</summary>
    public IReadOnlyDictionary<string, string> EnvironmentOf(JsonElement workload)
    {
        JsonElement container = ContainerOf(workload);
        Dictionary<string, string> environment = [];
        foreach (JsonElement source in container.GetProperty("envFrom").EnumerateArray())
        {
            string map = source.GetProperty("configMapRef").GetProperty("name").GetString()!;
            foreach (JsonProperty entry in OfKind("ConfigMap").Single(candidate => NameOf(candidate) == map).GetProperty("data").EnumerateObject())
            {
                environment[entry.Name] = entry.Value.GetString()!;
            }
        }

        foreach (JsonElement variable in container.GetProperty("env").EnumerateArray())
        {
            environment[variable.GetProperty("name").GetString()!] = variable.TryGetProperty("value", out JsonElement value)
                ? value.GetString()!
                : variable.GetProperty("valueFrom").GetProperty("fieldRef").GetProperty("fieldPath").GetString()!;
        }

        return environment;
    }
}
