using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Operations;

[Collection(ServerCollection.Name)]
public sealed class MetricsTests(ServerFixture server)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly Dictionary<string, string> Expected = new()
    {
        ["orleansserve_requests_total"] = "counter",
        ["orleansserve_requests_running"] = "gauge",
        ["orleansserve_time_to_first_token_seconds"] = "histogram",
        ["orleansserve_inter_token_latency_seconds"] = "histogram",
        ["orleansserve_request_duration_seconds"] = "histogram",
        ["orleansserve_queue_seconds"] = "histogram",
        ["orleansserve_prompt_tokens_total"] = "counter",
        ["orleansserve_cached_prompt_tokens_total"] = "counter",
        ["orleansserve_completion_tokens_total"] = "counter",
        ["orleansserve_reasoning_tokens_total"] = "counter",
        ["orleansserve_request_retries_total"] = "counter",
        ["orleansserve_engine_step_seconds"] = "histogram",
        ["orleansserve_engine_tokens_total"] = "counter",
        ["orleansserve_engine_batch_size"] = "histogram",
        ["orleansserve_kv_blocks_total"] = "gauge",
        ["orleansserve_kv_blocks_used"] = "gauge",
        ["orleansserve_kv_blocks_cached"] = "gauge",
        ["orleansserve_prefix_cache_hit_tokens_total"] = "counter",
        ["orleansserve_worker_requests_running"] = "gauge",
        ["orleansserve_worker_requests_queued"] = "gauge",
        ["orleansserve_worker_queued_tokens"] = "gauge",
        ["orleansserve_expert_rows_total"] = "counter",
        ["orleansserve_expert_batch_seconds"] = "histogram",
        ["orleansserve_scheduler_queued_requests"] = "gauge",
        ["orleansserve_scheduler_admissions_total"] = "counter",
        ["orleansserve_scheduler_workers"] = "gauge",
    };

    // Whatever a label can be must be bounded: never a request's or a user's own words.
    private static readonly HashSet<string> Labels = ["model", "outcome", "node", "device", "role", "le", "class", "layer", "reason", "version", "roles", "weights", "purpose"];

    [Fact]
    public async Task Metrics_AfterARequest_HaveMovedByWhatItDid()
    {
        Scrape before = await Scrape.FetchAsync(server.HttpAddress);
        Answer answer = await Answer.ReadAsync(server.Client.Chat(Questions.Ask(Questions.Sum)));
        await server.WaitUntilIdleAsync();
        Scrape after = await Scrape.FetchAsync(server.HttpAddress);

        Assert.Equal(1, Increase("orleansserve_requests_total", ("outcome", "stop")));
        Assert.Equal(1, Increase("orleansserve_time_to_first_token_seconds_count"));
        Assert.Equal(1, Increase("orleansserve_request_duration_seconds_count"));
        Assert.Equal(1, Increase("orleansserve_queue_seconds_count"));
        Assert.Equal(1, Increase("orleansserve_scheduler_admissions_total", ("outcome", "admitted")));
        Assert.Equal(answer.TokenIds.Count - 1, Increase("orleansserve_inter_token_latency_seconds_count"));
        Assert.Equal(answer.Finished.Usage.PromptTokens, Increase("orleansserve_prompt_tokens_total"));
        Assert.Equal(answer.Finished.Usage.CompletionTokens, Increase("orleansserve_completion_tokens_total"));
        Assert.Equal(answer.Finished.Usage.ReasoningTokens, Increase("orleansserve_reasoning_tokens_total"));
        Assert.Equal(0, Increase("orleansserve_request_retries_total"));
        Assert.True(Increase("orleansserve_engine_tokens_total", ("role", "prefill")) >= answer.Finished.Usage.PromptTokens - answer.Finished.Usage.CachedPromptTokens);
        Assert.True(Increase("orleansserve_engine_tokens_total", ("role", "decode")) >= answer.TokenIds.Count - 1);

        // A draft that was right saves a step.
        Assert.True(Increase("orleansserve_engine_step_seconds_count", ("role", "decode")) >= answer.TokenIds.Count - 1 - answer.Finished.Usage.AcceptedDraftTokens);
        Assert.True(Increase("orleansserve_engine_step_seconds_sum", ("role", "decode")) > 0);
        Assert.True(Increase("orleansserve_expert_rows_total") > 0);
        Assert.True(Increase("orleansserve_expert_batch_seconds_count") > 0);
        Assert.Equal(0, after.Sum("orleansserve_requests_running"));
        Assert.Equal(
            [1, 1, 2],
            ((string[])["prefill", "decode", "expert"]).Select(role => after.Sum("orleansserve_scheduler_workers", ("role", role))));
        Assert.Equal(2 * ServerFixture.Defaults.KvBlocks, after.Sum("orleansserve_kv_blocks_total"));

        double Increase(string name, params ReadOnlySpan<(string, string)> labels) => after.Sum(name, labels) - before.Sum(name, labels);
    }

    [Fact]
    public async Task Metrics_Format_HasEveryNameAndBoundedLabels()
    {
        await Answer.ReadAsync(server.Client.Chat(Questions.Ask(Questions.Sum)));

        Scrape scrape = await Scrape.FetchAsync(server.HttpAddress);

        Assert.All(Expected, metric => Assert.Equal(metric.Value, scrape.Types.GetValueOrDefault(metric.Key)));
        Scrape.Sample[] own = [.. scrape.Samples.Where(sample => sample.Name.StartsWith("orleansserve_", StringComparison.Ordinal))];
        Assert.Empty(own.SelectMany(sample => sample.Labels.Keys).Except(Labels));
        Assert.Equal(own.Length, own.Select(sample => (sample.Name, string.Join(',', sample.Labels.OrderBy(label => label.Key, StringComparer.Ordinal)))).Distinct().Count());
        Assert.All(own.Where(sample => !scrape.Types.TryGetValue(sample.Name, out string? type) || type == "counter"), sample => Assert.True(sample.Value >= 0));
    }

    [Fact]
    public async Task Metrics_Histograms_AreCumulative()
    {
        await Answer.ReadAsync(server.Client.Chat(Questions.Ask(Questions.Sum)));

        Scrape scrape = await Scrape.FetchAsync(server.HttpAddress);

        foreach (string name in Expected.Where(metric => metric.Value == "histogram").Select(metric => metric.Key))
        {
            var series = scrape.Samples
                .Where(sample => sample.Name == name + "_bucket")
                .GroupBy(sample => string.Join(',', sample.Labels.Remove("le").OrderBy(label => label.Key, StringComparer.Ordinal)));
            Assert.All(series, buckets =>
            {
                double[] counts = [.. buckets.Select(bucket => bucket.Value)];
                Assert.Equal(counts.Order(), counts);
                Assert.Equal("+Inf", buckets.Last().Labels["le"]);
            });
            Assert.Equal(
                scrape.Samples.Where(sample => sample.Name == name + "_count").Sum(sample => sample.Value),
                scrape.Samples.Where(sample => sample.Name == name + "_bucket" && sample.Labels["le"] == "+Inf").Sum(sample => sample.Value));
        }
    }

    [Fact]
    public async Task KvBlocksUsed_WhileAStreamRuns_IsNotZero()
    {
        using (var call = server.Client.Chat(Questions.Endless()))
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal(GenerateResponse.EventOneofCase.Started, call.ResponseStream.Current.EventCase);
            await server.PollAsync(cluster => cluster.Workers.Any(worker => worker.KvBlocksUsed > 0), Limit, "held blocks");
            Scrape during = await Scrape.FetchAsync(server.HttpAddress);
            Assert.True(during.Sum("orleansserve_kv_blocks_used", ("role", "decode")) > 0);
            Assert.Equal(1, during.Sum("orleansserve_requests_running"));
        }

        await server.WaitUntilIdleAsync();
        Assert.Equal(0, (await Scrape.FetchAsync(server.HttpAddress)).Sum("orleansserve_kv_blocks_used"));
    }
}
