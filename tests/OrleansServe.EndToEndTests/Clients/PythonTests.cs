using OrleansServe.EndToEndTests.Support;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Processes;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Clients;

[Collection(ServerCollection.Name)]
public sealed class PythonTests(ServerFixture server)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [ClientTheory(ClientTheoryAttribute.PythonName)]
    [InlineData("services")]
    [InlineData("models")]
    [InlineData("tokens")]
    [InlineData("chat")]
    [InlineData("generate")]
    [InlineData("stops")]
    [InlineData("penalties")]
    [InlineData("prompt_logprobs")]
    [InlineData("samples")]
    [InlineData("cancel")]
    [InlineData("deadline")]
    [InlineData("errors")]
    [InlineData("health")]
    [InlineData("gzip")]
    [InlineData("streams")]
    public async Task Grpcio_Check_Holds(string check)
    {
        ProcessResult result = await PythonProcess.RunAsync(
            RepositoryPaths.InRoot("tests", "OrleansServe.EndToEndTests", "python", "client.py"),
            [server.GrpcAddress.Authority, Path.Combine(RepositoryPaths.TinyR1, "eval.json"), check],
            Limit);

        Assert.True(result.ExitCode == 0 && result.Output == $"ok {check}\n", result.ToString());
        await server.WaitUntilIdleAsync();
    }
}
