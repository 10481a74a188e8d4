using System.Text.Json;
using OrleansServe.Cli.Rendering;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Processes;
using OrleansServe.TestKit.Servers;
using Xunit;
using CliCommandLine = OrleansServe.Cli.Commands.CommandLine;

namespace OrleansServe.EndToEndTests.CommandLine;

/// <summary><c>bench serve</c> against a server, held to what the server counts itself.</summary>
[Collection(ServerCollection.Name)]
public sealed class BenchServeTests(ServerFixture server)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private string Url => server.GrpcAddress.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task Serve_RandomPrompts_ReportsWhatTheServerCounts()
    {
        const int Requests = 24;
        const int Output = 12;
        await server.WaitUntilIdleAsync();
        Scrape before = await Scrape.FetchAsync(server.HttpAddress);

        (JsonElement report, ProcessResult result) = await RunAsync(
            "--requests", $"{Requests}", "--rate", "200", "--input-length", "20-40", "--output-length", $"{Output}", "--prefix-length", "128", "--prefixes", "2", "--seed", "77",
            "--max-concurrency", "8", "--ttft-target", "600s", "--e2e-target", "600s");

        await server.WaitUntilIdleAsync();
        Scrape after = await Scrape.FetchAsync(server.HttpAddress);
        Assert.Contains($"sending {Requests} requests", result.Error, StringComparison.Ordinal);
        JsonElement requests = report.GetProperty("requests");
        JsonElement tokens = report.GetProperty("tokens");
        Assert.Equal([Requests, Requests, Requests, Requests], Numbers(requests, "planned", "sent", "completed", "reached_length"));
        Assert.Empty(requests.GetProperty("failed").EnumerateObject());
        Assert.InRange(requests.GetProperty("peak_concurrency").GetInt32(), 1, 8);
        Assert.Equal(Requests * Output, tokens.GetProperty("output").GetInt64());

        Assert.Equal(Requests, Increase("orleansserve_requests_total", ("outcome", "length")));
        Assert.Equal(tokens.GetProperty("input").GetInt64(), Increase("orleansserve_prompt_tokens_total"));
        Assert.Equal(tokens.GetProperty("cached_input").GetInt64(), Increase("orleansserve_cached_prompt_tokens_total"));
        Assert.Equal(tokens.GetProperty("output").GetInt64(), Increase("orleansserve_completion_tokens_total"));
        Assert.True(tokens.GetProperty("cached_input").GetInt64() > 0);

        // The server's clock starts behind the client's and stops before it, for each request.
        JsonElement seen = report.GetProperty("ttft_seconds");
        JsonElement told = report.GetProperty("server_ttft_seconds");
        Assert.Equal(Requests, Increase("orleansserve_time_to_first_token_seconds_count"));
        Assert.Equal(Requests * told.GetProperty("mean").GetDouble(), Increase("orleansserve_time_to_first_token_seconds_sum"), 1e-4);
        Assert.True(seen.GetProperty("mean").GetDouble() > told.GetProperty("mean").GetDouble());
        Assert.Equal(Requests, seen.GetProperty("count").GetInt32());
        Assert.Equal(Requests, report.GetProperty("e2e_seconds").GetProperty("count").GetInt32());

        // Tokens that came in one message have one gap, at the server one each.
        Assert.InRange(report.GetProperty("itl_seconds").GetProperty("count").GetInt32(), Requests, Increase("orleansserve_inter_token_latency_seconds_count"));
        double inside = report.GetProperty("itl_seconds").GetProperty("mean").GetDouble() * report.GetProperty("itl_seconds").GetProperty("count").GetInt32();
        Assert.Equal(report.GetProperty("tpot_seconds").GetProperty("mean").GetDouble() * Requests * (Output - 1), inside, 1e-3);
        Assert.Equal((Requests, 1.0), (report.GetProperty("goodput").GetProperty("good_requests").GetInt32(), report.GetProperty("goodput").GetProperty("share_of_sent").GetDouble()));

        double Increase(string name, params ReadOnlySpan<(string, string)> labels) => after.Sum(name, labels) - before.Sum(name, labels);
    }

    [Fact]
    public async Task Serve_Json_NamesMachineCommitAndServer()
    {
        (JsonElement report, _) = await RunAsync("--requests", "1", "--input-length", "5", "--output-length", "1");

        Assert.Equal("serve", report.GetProperty("benchmark").GetString());
        Assert.Matches("^([0-9a-f]{12})?$", report.GetProperty("commit").GetString());
        Assert.Equal(Environment.ProcessorCount, report.GetProperty("machine").GetProperty("processors").GetInt32());
        Assert.Equal(("tiny-r1", Url), (report.GetProperty("server").GetProperty("model").GetString(), report.GetProperty("server").GetProperty("url").GetString()));
        Assert.Equal([1, 1, 2], Numbers(report.GetProperty("server"), "prefill_workers", "decode_workers", "expert_shards"));

        // One token has no other to be behind of.
        Assert.Equal(JsonValueKind.Null, report.GetProperty("itl_seconds").ValueKind);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("goodput").ValueKind);
    }

    [Fact]
    public async Task Serve_TraceScaledDown_FindsSharedBlocksInTheCache()
    {
        string trace = RepositoryPaths.InRoot("bench", "traces", "conversation-48.jsonl");

        // One at a time: what a prompt shares with an earlier one has been computed when it comes.
        (JsonElement report, _) = await RunAsync("--trace", trace, "--length-scale", "0.03125", "--speedup", "100", "--max-concurrency", "1", "--skip-too-long");

        JsonElement requests = report.GetProperty("requests");
        Assert.Equal(48, requests.GetProperty("completed").GetInt32() + requests.GetProperty("left_out_too_long").GetInt32());
        Assert.True(requests.GetProperty("left_out_too_long").GetInt32() > 0);
        Assert.True(report.GetProperty("tokens").GetProperty("cached_input").GetInt64() > 0);
        Assert.Equal("trace", report.GetProperty("load").GetProperty("arrivals").GetString());
        Assert.Contains("lengths scaled by 0.03125", report.GetProperty("load").GetProperty("source").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_SomeAreRefused_CountsThemByStatus()
    {
        string prompts = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(prompts, ["What is 1 + 1?", new string('x', 5000), "What is 2 + 2?"]);

            (JsonElement report, _) = await RunAsync("--prompts", prompts, "--requests", "4", "--output-length", "4");

            JsonElement requests = report.GetProperty("requests");
            Assert.Equal([4, 3], Numbers(requests, "sent", "completed"));
            Assert.Equal(1, requests.GetProperty("failed").GetProperty("INVALID_ARGUMENT").GetInt32());
            Assert.Contains("1024", requests.GetProperty("failure_examples").GetProperty("INVALID_ARGUMENT").GetString(), StringComparison.Ordinal);
            Assert.Equal(3, report.GetProperty("ttft_seconds").GetProperty("count").GetInt32());
        }
        finally
        {
            File.Delete(prompts);
        }
    }

    [Fact]
    public async Task Serve_TimeIsUp_CountsThemAsSuch()
    {
        (int code, string output, _) = await RunHereAsync(CancellationToken.None, "--requests", "2", "--output-length", "800", "--timeout", "1ms", "--json");

        JsonElement requests = JsonDocument.Parse(output).RootElement.GetProperty("requests");
        Assert.Equal((1, 2), (code, requests.GetProperty("failed").GetProperty("DEADLINE_EXCEEDED").GetInt32()));
    }

    [Fact]
    public async Task Serve_Interrupted_ReportsWhatThereIs()
    {
        using CancellationTokenSource interrupt = new();
        await server.WaitUntilIdleAsync();
        double before = (await Scrape.FetchAsync(server.HttpAddress)).Sum("orleansserve_requests_total");
        Task<(int Code, string Output, string Error)> run = RunHereAsync(interrupt.Token, "--requests", "100000", "--rate", "50", "--input-length", "5", "--output-length", "2");

        long begun = TimeProvider.System.GetTimestamp();
        while ((await Scrape.FetchAsync(server.HttpAddress)).Sum("orleansserve_requests_total") < before + 10 && TimeProvider.System.GetElapsedTime(begun) < Limit)
        {
            await Task.Delay(20);
        }

        await interrupt.CancelAsync();
        (int code, string output, _) = await run.WaitAsync(Limit);

        Assert.Equal(130, code);
        Assert.Contains("interrupted: ", output, StringComparison.Ordinal);
        Assert.Contains("TTFT", output, StringComparison.Ordinal);
        Assert.DoesNotContain(" 0 completed", output, StringComparison.Ordinal);
    }

    private async Task<(JsonElement Report, ProcessResult Result)> RunAsync(params string[] arguments)
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["bench", "serve", "--url", Url, "--json", .. arguments]);
        Assert.True(result.ExitCode == 0, result.ToString());
        return (JsonDocument.Parse(result.Output).RootElement, result);
    }

    private async Task<(int Code, string Output, string Error)> RunHereAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        await using StringWriter output = new();
        await using StringWriter error = new();
        using StringReader input = new("");
        int code = await CliCommandLine.RunAsync(["bench", "serve", "--url", Url, .. arguments], new Terminal(output, error, input), TimeProvider.System, cancellationToken);
        return (code, output.ToString(), error.ToString());
    }

    private static int[] Numbers(JsonElement holder, params string[] names) => [.. names.Select(name => holder.GetProperty(name).GetInt32())];
}
