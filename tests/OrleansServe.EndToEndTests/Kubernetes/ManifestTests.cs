using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.Grains.Fleet;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clients;
using Xunit;

namespace OrleansServe.EndToEndTests.Kubernetes;

public sealed partial class ManifestTests
{
    private const string Kubectl = ClientTheoryAttribute.KubectlName;

    // Closing the silo, its engines and its connections takes a few seconds after the drain.
    private const int Leaving = 15;

    // A version that comes up beside this one, and shares with it all but its silos.
    private const string First = "cpu-demo";
    private const string Next = "cpu-demo-next";

    public static TheoryData<string> Overlays { get; } = [.. Directory.GetDirectories(RepositoryPaths.InRoot("k8s", "overlays"))
        .Select(folder => Path.GetFileName(folder)).Where(name => name != Next).Order(StringComparer.Ordinal)];

    [ClientTheory(Kubectl, Manifests.Schemas)]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_Rendered_KeepsToTheSchemas(string overlay)
    {
        Manifests manifests = await LoadAsync(overlay);

        Assert.Empty(manifests.Faults);
        Assert.True(manifests.Documents.Count > 20);
    }

    [ClientFact(Kubectl, Manifests.Schemas)]
    public async Task Overlay_WithAMisspeltFieldAndAWrongType_IsFaulted()
    {
        string yaml = (await Manifests.RenderAsync("cpu-demo")).Replace("readOnlyRootFilesystem", "readonlyRootFilesystem", StringComparison.Ordinal)
            .Replace("periodSeconds: 10", "periodSeconds: often", StringComparison.Ordinal);

        Manifests manifests = await Manifests.ReadAsync(yaml);

        Assert.Contains(manifests.Faults, fault => fault.Contains("readonlyRootFilesystem", StringComparison.Ordinal));
        Assert.Contains(manifests.Faults, fault => fault.Contains("periodSeconds must be integer", StringComparison.Ordinal));
    }

    [ClientTheory(Kubectl, Manifests.Schemas)]
    [MemberData(nameof(Overlays))]
    public async Task Pods_Of_AnOverlay_AreConfinedAndProbed(string overlay)
    {
        Manifests manifests = await LoadAsync(overlay);

        foreach (JsonElement workload in manifests.Workloads())
        {
            JsonElement pod = Manifests.PodOf(workload).GetProperty("spec");
            JsonElement container = Manifests.ContainerOf(workload);
            Assert.True(pod.GetProperty("securityContext").GetProperty("runAsNonRoot").GetBoolean());
            Assert.Equal("RuntimeDefault", pod.GetProperty("securityContext").GetProperty("seccompProfile").GetProperty("type").GetString());
            Assert.False(pod.GetProperty("automountServiceAccountToken").GetBoolean());
            Assert.True(container.GetProperty("securityContext").GetProperty("readOnlyRootFilesystem").GetBoolean());
            Assert.False(container.GetProperty("securityContext").GetProperty("allowPrivilegeEscalation").GetBoolean());
            Assert.Equal("ALL", Assert.Single(container.GetProperty("securityContext").GetProperty("capabilities").GetProperty("drop").EnumerateArray()).GetString());
            Assert.True(container.GetProperty("resources").GetProperty("limits").TryGetProperty("memory", out _));
            Assert.Matches(@"^[^:]+:\d[\w.-]+$", container.GetProperty("image").GetString());
            Assert.All(["startupProbe", "livenessProbe", "readinessProbe"], probe => Assert.True(container.TryGetProperty(probe, out _), $"{Manifests.NameOf(workload)}: {probe}"));
        }
    }

    /// <summary>The reader that a pod's silo uses accepts what the pod is given, for each role.</summary>
    [ClientTheory(Kubectl, Manifests.Schemas)]
    [MemberData(nameof(Overlays))]
    public async Task Options_Of_EverySilo_AreAccepted(string overlay)
    {
        Manifests manifests = await LoadAsync(overlay);

        foreach (JsonElement workload in manifests.Silos())
        {
            SiloOptions options = Read(manifests, workload);

            Assert.Equal(Manifests.ComponentOf(workload), SiloRoleList.Format(options.Roles));
            int pause = Manifests.ContainerOf(workload).GetProperty("lifecycle").GetProperty("preStop").GetProperty("sleep").GetProperty("seconds").GetInt32();
            int grace = Manifests.PodOf(workload).GetProperty("spec").GetProperty("terminationGracePeriodSeconds").GetInt32();
            Assert.InRange(pause + options.DrainLimit.TotalSeconds + Leaving, 0, grace);
            if (options.Roles == SiloRole.Expert)
            {
                Assert.Equal(options.Clustering.ClusterExpertShards, workload.GetProperty("spec").GetProperty("replicas").GetInt32() * options.ExpertShards);
            }
        }
    }

    [ClientFact(Kubectl, Manifests.Schemas)]
    public async Task Ports_Of_EverySilo_AreThoseOfItsOptions()
    {
        Manifests manifests = await LoadAsync("cpu-demo");

        foreach (JsonElement workload in manifests.Silos())
        {
            SiloOptions options = Read(manifests, workload);
            Dictionary<string, int> ports = Manifests.ContainerOf(workload).GetProperty("ports").EnumerateArray()
                .ToDictionary(port => port.GetProperty("name").GetString()!, port => port.GetProperty("containerPort").GetInt32());
            Assert.Equal((options.HttpPort, options.Clustering.Port, options.DataPlane.Port), (ports["http"], ports["silo"], ports["data-plane"]));
            Assert.Equal(options.Roles == SiloRole.Gateway ? options.Port : -1, ports.GetValueOrDefault("grpc", -1));
        }
    }

    [ClientTheory(Kubectl, Manifests.Schemas)]
    [MemberData(nameof(Overlays))]
    public async Task Selectors_Of_AnOverlay_FindTheirPods(string overlay)
    {
        Manifests manifests = await LoadAsync(overlay);
        Dictionary<string, JsonElement> pods = manifests.Workloads().ToDictionary(Manifests.NameOf, workload => Manifests.PodOf(workload).GetProperty("metadata").GetProperty("labels"));

        Assert.All(manifests.Workloads(), workload => Assert.Equal([Manifests.NameOf(workload)], Selected(workload.GetProperty("spec").GetProperty("selector").GetProperty("matchLabels"))));
        Assert.All(manifests.OfKind("Service"), service => Assert.Single(Selected(service.GetProperty("spec").GetProperty("selector"))));
        string[] budgeted = [.. manifests.OfKind("PodDisruptionBudget").SelectMany(budget => Selected(budget.GetProperty("spec").GetProperty("selector").GetProperty("matchLabels")))];
        Assert.Equal(manifests.Silos().Select(Manifests.NameOf).Order(), budgeted.Order());

        IEnumerable<string> Selected(JsonElement labels) => pods
            .Where(pod => labels.EnumerateObject().All(label => pod.Value.TryGetProperty(label.Name, out JsonElement value) && value.GetString() == label.Value.GetString()))
            .Select(pod => pod.Key);
    }

    [ClientFact(Kubectl, Manifests.Schemas)]
    public async Task NextVersion_BesideTheFirst_SharesAllButItsSilosAndTheirOptions()
    {
        Manifests first = await LoadAsync(First);
        Manifests next = await LoadAsync(Next);

        Assert.Empty(next.Faults);
        Assert.Equal(["ConfigMap", "Deployment", "StatefulSet"], next.Documents.Select(document => document.GetProperty("kind").GetString()!).Distinct().Order(StringComparer.Ordinal));
        Assert.Empty(next.Documents.Select(Manifests.NameOf).Intersect(first.Documents.Select(Manifests.NameOf)));
        Assert.Equal(first.Silos().Select(silo => $"{Manifests.NameOf(silo)}-next"), next.Workloads().Select(Manifests.NameOf));
        foreach ((JsonElement old, JsonElement young) in first.Silos().Zip(next.Silos()))
        {
            Assert.False(Selects(old.GetProperty("spec").GetProperty("selector").GetProperty("matchLabels"), young));
            Assert.False(Selects(young.GetProperty("spec").GetProperty("selector").GetProperty("matchLabels"), old));
            Assert.Equal(Shared(old), Shared(young));
            Assert.NotEmpty(Shared(old));
            SiloOptions before = Read(first, old);
            SiloOptions after = Read(next, young);
            Assert.Equal((before.Clustering.Redis, before.Clustering.ServiceId), (after.Clustering.Redis, after.Clustering.ServiceId));
            Assert.NotEqual(before.Weights, after.Weights);
        }

        // Services, budgets and network policies of the first that find the pods.
        string[] Shared(JsonElement silo) => [.. first.OfKind("Service").Where(service => Selects(service.GetProperty("spec").GetProperty("selector"), silo))
            .Concat(first.OfKind("PodDisruptionBudget").Where(budget => Selects(budget.GetProperty("spec").GetProperty("selector").GetProperty("matchLabels"), silo)))
            .Select(Manifests.NameOf)];

        static bool Selects(JsonElement labels, JsonElement workload) => labels.EnumerateObject().All(label =>
            Manifests.PodOf(workload).GetProperty("metadata").GetProperty("labels").TryGetProperty(label.Name, out JsonElement value) && value.GetString() == label.Value.GetString());
    }

    /// <summary>An operator finds every option in one place, set or named.</summary>
    [Fact]
    public void Options_All_AreInTheConfigMapsOrThePods()
    {
        string text = string.Join('\n', Directory.EnumerateFiles(RepositoryPaths.InRoot("k8s", "base"), "*", SearchOption.AllDirectories).Select(File.ReadAllText));

        string[] named = [.. Option().Matches(text).Select(match => match.Groups["key"].Value).Distinct().Order(StringComparer.Ordinal)];

        Assert.Equal([.. SiloSetting.All.Select(setting => setting.Key.ToUpperInvariant()).Order(StringComparer.Ordinal)], named);
    }

    private static async Task<Manifests> LoadAsync(string overlay) => await Manifests.ReadAsync(await Manifests.RenderAsync(overlay));

    private static SiloOptions Read(Manifests manifests, JsonElement workload)
    {
        Hashtable environment = [];
        using TemporaryFolder folder = new();
        foreach ((string name, string value) in manifests.EnvironmentOf(workload))
        {
            environment[name] = value switch
            {
                "status.podIP" => "10.1.2.3",
                "metadata.labels['apps.kubernetes.io/pod-index']" => "1",
                "/etc/orleansserve/fleet/scaling.json" => Unpack(manifests, folder),
                "metadata.name" => string.Create(CultureInfo.InvariantCulture, $"{Manifests.NameOf(workload)}-1"),
                _ => value,
            };
        }

        return new SiloOptionsReader().AddEnvironment(environment).Read(new SiloOptions { Model = "" });
    }

    /// <summary>The gateways may do what scaling takes, and nobody may do more.</summary>
    [ClientFact(Kubectl, Manifests.Schemas)]
    public async Task Rights_OfTheFleet_AreTheScaleOfTwoSetsAndTheLabelsOfMachines()
    {
        Manifests manifests = await LoadAsync("gpu-pool");

        string[] rights = [.. manifests.OfKind("Role", "ClusterRole").SelectMany(role => role.GetProperty("rules").EnumerateArray()).Select(rule =>
            $"{Join(rule, "verbs")} {Join(rule, "resources")} {(rule.TryGetProperty("resourceNames", out _) ? Join(rule, "resourceNames") : "any")}")];
        Assert.Equal(["get,update statefulsets/scale orleansserve-prefill,orleansserve-decode", "list pods any", "list,patch nodes any"], rights.Order(StringComparer.Ordinal).ToArray());
        Assert.All(manifests.OfKind("RoleBinding", "ClusterRoleBinding"), binding =>
        {
            JsonElement subject = Assert.Single(binding.GetProperty("subjects").EnumerateArray());
            Assert.Equal(("ServiceAccount", "orleansserve-gateway", "orleansserve"), (subject.GetProperty("kind").GetString(), subject.GetProperty("name").GetString(), subject.GetProperty("namespace").GetString()));
        });
        string[] accounts = [.. manifests.Silos().Where(silo => Manifests.PodOf(silo).GetProperty("spec").GetProperty("serviceAccountName").GetString() == "orleansserve-gateway").Select(Manifests.NameOf)];
        Assert.Equal(["orleansserve-gateway"], accounts);
        SiloOptions options = Read(manifests, manifests.Silos().Single(silo => Manifests.NameOf(silo) == "orleansserve-gateway"));
        Assert.Equal(FleetKind.Kubernetes, options.Fleet.Kind);
        Assert.All([options.Fleet.Kubernetes.PrefillSet, options.Fleet.Kubernetes.DecodeSet], set => Assert.Contains(set, manifests.OfKind("StatefulSet").Select(Manifests.NameOf)));

        static string Join(JsonElement rule, string field) => string.Join(',', rule.GetProperty(field).EnumerateArray().Select(value => value.GetString()));
    }

    private static string Unpack(Manifests manifests, TemporaryFolder folder)
    {
        JsonElement map = manifests.OfKind("ConfigMap").Single(map => Manifests.NameOf(map).StartsWith("orleansserve-scaling", StringComparison.Ordinal));
        string path = folder.File("scaling.json");
        File.WriteAllText(path, map.GetProperty("data").GetProperty("scaling.json").GetString());
        return path;
    }

    [GeneratedRegex("ORLEANSSERVE__(?<key>[A-Z]+)")]
    private static partial Regex Option();
}
