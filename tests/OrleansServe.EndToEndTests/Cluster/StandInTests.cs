using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Processes;

using Xunit;

namespace OrleansServe.EndToEndTests.Cluster;

public sealed class StandInTests
{
    [StandInFact]
    public async Task Serve_RedisInABuildWithoutClustering_SaysSoInOneLine()
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["serve", "--redis", "127.0.0.1:6379,password=secret", "--roles", "decode", "--http-port", "0"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Equal(
            "error: --redis: this build has no clustering (it was made from the stand-ins for Orleans); several processes need a build from the published packages",
            Assert.Single(result.ErrorLines));
        Assert.DoesNotContain("secret", result.Error, StringComparison.Ordinal);
    }
}
