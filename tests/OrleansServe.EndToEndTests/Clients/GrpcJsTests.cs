using OrleansServe.EndToEndTests.Support;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Processes;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Clients;

[Collection(ServerCollection.Name)]
public sealed class GrpcJsTests(ServerFixture server)
{
    private const string Folder = "tests/OrleansServe.EndToEndTests/grpc-js";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [ClientTheory(Folder)]
    [InlineData("models")]
    [InlineData("tokens")]
    [InlineData("chat")]
    [InlineData("turns")]
    [InlineData("generate")]
    [InlineData("stops")]
    [InlineData("penalties")]
    [InlineData("promptLogprobs")]
    [InlineData("samples")]
    [InlineData("seeds")]
    [InlineData("cancel")]
    [InlineData("deadline")]
    [InlineData("errors")]
    [InlineData("health")]
    [InlineData("gzip")]
    [InlineData("streams")]
    public Task WithProtoFiles_Check_Holds(string check) => HoldsAsync("with-protos.mjs", RepositoryPaths.Protos, check);

    [ClientTheory(Folder)]
    [InlineData("v1", "models")]
    [InlineData("v1", "tokens")]
    [InlineData("v1", "chat")]
    [InlineData("v1", "generate")]
    [InlineData("v1", "stops")]
    [InlineData("v1", "promptLogprobs")]
    [InlineData("v1", "samples")]
    [InlineData("v1", "cancel")]
    [InlineData("v1", "deadline")]
    [InlineData("v1", "errors")]
    [InlineData("v1", "health")]
    [InlineData("v1", "streams")]
    [InlineData("v1alpha", "models")]
    [InlineData("v1alpha", "chat")]
    public Task WithReflectionOnly_Check_Holds(string version, string check) => HoldsAsync("with-reflection.mjs", version, check);

    [ClientFact(Folder)]
    public async Task Stream_ClientKilled_FreesItsBlocks()
    {
        Scrape before = await Scrape.FetchAsync(server.HttpAddress);
        await using ChildProcess client = NodeProcess.Start(Script("with-protos.mjs"), Arguments(RepositoryPaths.Protos, "endless"));
        await client.WaitForLineAsync(line => line == "streaming", Limit);
        await server.PollAsync(cluster => cluster.Workers.Any(worker => worker.KvBlocksUsed > 0), Limit, "held blocks");

        client.Kill();

        await server.WaitUntilIdleAsync();
        Scrape after = await Scrape.FetchAsync(server.HttpAddress);
        Assert.Equal(1, after.Sum("orleansserve_requests_total", ("outcome", "cancelled")) - before.Sum("orleansserve_requests_total", ("outcome", "cancelled")));
    }

    private async Task HoldsAsync(string script, string knowledge, string check)
    {
        ProcessResult result = await NodeProcess.RunAsync(Script(script), Arguments(knowledge, check), Limit);

        Assert.True(result.ExitCode == 0 && result.Output == $"ok {check}\n", result.ToString());
        await server.WaitUntilIdleAsync();
    }

    private static string Script(string name) => RepositoryPaths.InRoot(Folder, name);

    private string[] Arguments(string knowledge, string check) =>
        [server.GrpcAddress.Authority, knowledge, Path.Combine(RepositoryPaths.TinyR1, "eval.json"), check];
}
