using System.Net;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Operations;

[Collection(ServerCollection.Name)]
public sealed class ProbeTests(ServerFixture server)
{
    [Theory]
    [InlineData("healthz", "Healthy")]
    [InlineData("readyz", "Ready.\n")]
    public async Task Probe_OfAServingHost_Answers(string path, string body)
    {
        using HttpClient http = new();

        using HttpResponseMessage response = await http.GetAsync(new Uri(server.HttpAddress, path));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsStringAsync());
        Assert.DoesNotContain("Server", response.Headers.Select(header => header.Key));
    }

    [Fact]
    public async Task GetCluster_OfTheEmbeddedCluster_NamesSiloAndWorkers()
    {
        GetClusterResponse cluster = await server.GetClusterAsync();

        Protocol.V1.Silo silo = Assert.Single(cluster.Silos);
        Assert.Equal(("silo-0", "Active"), (silo.Name, silo.Status));
        Assert.Equal(
            [Worker.Types.Role.Prefill, Worker.Types.Role.Decode, Worker.Types.Role.Expert, Worker.Types.Role.Expert],
            cluster.Workers.Select(worker => worker.Role).Order());
        Assert.All(cluster.Workers, worker => Assert.StartsWith("silo-0/", worker.Id, StringComparison.Ordinal));
        Assert.All(cluster.Workers, worker => Assert.Equal("tiny-r1", worker.Model));

        // Eight routed experts in each of three layers and in the MTP layer.
        Assert.Equal(32, cluster.Workers.Where(worker => worker.Role == Worker.Types.Role.Expert).Sum(worker => worker.Experts));
    }
}
