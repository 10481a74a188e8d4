using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Grains.Fleet;
using OrleansServe.Grains.Fleet.Kubernetes;
using OrleansServe.UnitTests.Model;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Fleet.Kubernetes;

public sealed class KubernetesMachinesTests : IAsyncLifetime, IDisposable
{
    private const string Label = "orleansserve/lent";

    private readonly TemporaryFolder _folder = new();
    private ApiServer _server = null!;
    private KubernetesFleet _fleet = null!;

    private IEnumerable<string> Lent => _server.Machines.Where(machine => machine.Value.GetValueOrDefault(Label) == "research").Select(machine => machine.Key);

    public async Task InitializeAsync()
    {
        _server = await ApiServer.StartAsync();
        File.WriteAllText(_folder.File("token"), "first");
        File.WriteAllText(_folder.File("namespace"), "serving");
        for (int i = 0; i < 7; i++)
        {
            _server.Machines.Add($"m{i}", new() { ["gpu"] = "h800" });
        }

        Run(prefill: 1, decode: 4);
        KubernetesFleetOptions options = new() { Server = _server.Address, Account = _folder.FullPath, Pool = "gpu=h800", RetryDelay = TimeSpan.FromMilliseconds(10), AttemptTimeout = TimeSpan.FromSeconds(30) };
        _fleet = new KubernetesFleet(options, TimeProvider.System, NullLogger<KubernetesFleet>.Instance);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose()
    {
        _fleet.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Apply_NightAndMorning_LendsWhatIsFreeAndTakesItBackBeforePodsAreAskedFor()
    {
        await ApplyAsync(1, 4);
        Assert.Equal(["m5", "m6"], Lent);

        // The pods that leave are still there: their machines are not lent yet.
        await ApplyAsync(1, 2);
        Assert.Equal(["m5", "m6"], Lent);
        Run(prefill: 1, decode: 2);
        await ApplyAsync(1, 2);
        Assert.Equal(["m3", "m4", "m5", "m6"], Lent);

        _server.Asked.Clear();
        await ApplyAsync(1, 5);
        Assert.Equal(["m6"], Lent);
        string[] writes = [.. _server.Asked.Where(asked => !asked.StartsWith("GET", StringComparison.Ordinal)).Select(asked => asked[..asked.IndexOf(' ', 6)])];
        Assert.Equal(["PATCH /api/v1/nodes/m3", "PATCH /api/v1/nodes/m4", "PATCH /api/v1/nodes/m5", "PUT /apis/apps/v1/namespaces/serving/statefulsets/orleansserve-decode/scale"], writes);
    }

    [Fact]
    public async Task Apply_LongListsWhosePlaceIsForgotten_AreReadFromTheBegin()
    {
        _server.PageSize = 2;
        _server.AsUsual();
        _server.Answer(HttpStatusCode.Gone, message: "The provided continue parameter is too old");

        await ApplyAsync(1, 4);

        Assert.Equal(["m5", "m6"], Lent);
    }

    [Fact]
    public async Task Apply_MachinesThatMayNotBeSeen_ScalesAllTheSame()
    {
        _server.AsUsual();
        _server.Answer(HttpStatusCode.Forbidden);

        await ApplyAsync(1, 6);

        Assert.Equal(6, _server.Replicas["orleansserve-decode"]);
        Assert.Empty(Lent);
    }

    private void Run(int prefill, int decode)
    {
        _server.Pods.Clear();
        _server.Pods.AddRange(Enumerable.Range(0, prefill).Select(i => ($"orleansserve-prefill-{i}", (string?)$"m{i}")));
        _server.Pods.AddRange(Enumerable.Range(0, decode).Select(i => ($"orleansserve-decode-{i}", (string?)$"m{prefill + i}")));
    }

    private Task ApplyAsync(int prefill, int decode) => _fleet.ApplyAsync(new FleetOrder(new FleetNodes(prefill, decode), [], "why"), CancellationToken.None);
}
