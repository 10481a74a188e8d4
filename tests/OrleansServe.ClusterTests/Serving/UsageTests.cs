using System.Globalization;
using Grpc.Core;
using OrleansServe.Policies.Pricing;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>The ledger says what clients were told that they used.</summary>
public sealed class UsageTests
{
    private static readonly TokenPrices Prices = new(0.14m, 0.55m, 2.19m);

    [Fact]
    public async Task GetUsage_AnswersOfTwoTenantsAndACancelledOne_EqualsWhatTheyWereTold()
    {
        SiloOptions sizes = new()
        {
            Model = RepositoryPaths.TinyR1,
            KvBlocks = 256,
            Threads = 1,
            Prices = new PriceList { GpuHourPrice = 2, GpusPerNode = 8, Models = [new ModelPrices { Model = "tiny-r1", Usual = Prices }] },
        };
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(sizes, new SiloSpec(SiloRole.Gateway), new SiloSpec(SiloRole.Prefill | SiloRole.Decode));
        string[] tenants = ["a", "b"];
        Usage[] told = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => AnswerAsync(cluster, tenants[i % 2], 5 + i, samples: 1 + (i % 3))));
        int cut = await LeaveAsync(cluster, "c");

        UsageEntry[] entries = await ReadAsync(cluster, expected: 13);

        for (int tenant = 0; tenant < 2; tenant++)
        {
            AssertEntered([.. told.Where((_, i) => i % 2 == tenant)], [.. entries.Where(entry => entry.Tenant == tenants[tenant])]);
        }

        Assert.InRange(entries.Where(entry => entry.Tenant == "c").Sum(entry => entry.OutputTokens), cut, 400);
        TokenCounts all = new(entries.Sum(entry => entry.CacheHitTokens), entries.Sum(entry => entry.CacheMissTokens), entries.Sum(entry => entry.OutputTokens), 0);
        Assert.Equal(Prices.Of(all), entries.Sum(entry => decimal.Parse(entry.IncomeUsd, CultureInfo.InvariantCulture)));
        GetEconomicsResponse economics = await cluster.Admin().GetEconomicsAsync(new GetEconomicsRequest());
        Assert.Equal(Prices.Of(all), decimal.Parse(Assert.Single(economics.Totals).IncomeUsd, CultureInfo.InvariantCulture));
        Assert.Empty((await cluster.Admin().GetUsageAsync(new GetUsageRequest { Tenant = "nobody" })).Entries);
    }

    [Fact]
    public async Task GetUsage_WorkersKilledUnderStreams_EqualsWhatClientsWereTold()
    {
        const int Requests = 24;
        SiloOptions sizes = new() { Model = RepositoryPaths.TinyR1, KvBlocks = 256, Threads = 1 };
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(
            sizes, new SiloSpec(SiloRole.Gateway), new SiloSpec(SiloRole.Prefill), new SiloSpec(SiloRole.Prefill), new SiloSpec(SiloRole.Decode), new SiloSpec(SiloRole.Decode));
        int begun = 0;
        TaskCompletionSource some = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<(Usage Usage, int Resumes)[]> running = Task.WhenAll(Enumerable.Range(0, Requests).Select(i => ReadAsync(cluster, $"{i % 3}", 600 + i, samples: 1 + (i % 2), () =>
        {
            if (Interlocked.Increment(ref begun) == Requests / 3)
            {
                some.SetResult();
            }
        })));

        // Some have just begun, on both decode workers, and at the gate none gets further until the workers are gone.
        await some.Task.WaitAsync(TestServingCluster.Patience);
        cluster.Gate.Close();
        await Task.WhenAll(cluster.KillAsync(1), cluster.KillAsync(3));
        (Usage Usage, int Resumes)[] told = await running.WaitAsync(TestServingCluster.Patience);
        UsageEntry[] entries = await ReadAsync(cluster, Requests);

        Assert.Contains(told, answer => answer.Resumes > 0);
        for (int tenant = 0; tenant < 3; tenant++)
        {
            AssertEntered([.. told.Where((_, i) => i % 3 == tenant).Select(answer => answer.Usage)], [.. entries.Where(entry => entry.Tenant == $"{tenant}")]);
        }
    }

    [Theory]
    [InlineData("hours must end after they begin", 100, 50, "")]
    [InlineData("hours.from_seconds must be between", -1, 0, "")]
    [InlineData("hours must end after they begin", 1, 253_402_300_799, "")]
    [InlineData("tenant must be at most 64 characters", 0, 0, "ä")]
    public async Task GetUsage_Nonsense_IsRefused(string message, long from, long to, string tenant)
    {
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(RepositoryPaths.TinyR1, new SiloSpec(SiloRole.All));

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => cluster.Admin()
            .GetUsageAsync(new GetUsageRequest { Tenant = tenant, Hours = new HourRange { FromSeconds = from, ToSeconds = to } }).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains(message, refused.Status.Detail, StringComparison.Ordinal);
    }

    private static void AssertEntered(Usage[] told, UsageEntry[] entered)
    {
        Assert.Equal(told.Length, entered.Sum(entry => entry.Requests));
        Assert.Equal(told.Sum(usage => usage.CachedPromptTokens), entered.Sum(entry => entry.CacheHitTokens));
        Assert.Equal(told.Sum(usage => usage.PromptTokens - usage.CachedPromptTokens), entered.Sum(entry => entry.CacheMissTokens));
        Assert.Equal(told.Sum(usage => usage.CompletionTokens), entered.Sum(entry => entry.OutputTokens));
        Assert.Equal(told.Sum(usage => usage.ReasoningTokens), entered.Sum(entry => entry.ReasoningTokens));
    }

    // The ledger is told after the answer has ended, in its own time.
    private static async Task<UsageEntry[]> ReadAsync(TestServingCluster cluster, int expected)
    {
        using CancellationTokenSource limit = new(TestServingCluster.Patience);
        while (true)
        {
            GetUsageResponse response = await cluster.Admin().GetUsageAsync(new GetUsageRequest(), cancellationToken: limit.Token);
            if (response.Entries.Sum(entry => entry.Requests) >= expected)
            {
                return [.. response.Entries];
            }

            await Task.Yield();
        }
    }

    private static async Task<Usage> AnswerAsync(TestServingCluster cluster, string tenant, int tokens, int samples)
    {
        using AsyncServerStreamingCall<GenerateResponse> call = cluster.Client().Generate(Request(tenant, tokens, samples));
        Usage? usage = null;
        await foreach (GenerateResponse response in call.ResponseStream.ReadAllAsync())
        {
            usage = response.Finished?.Usage ?? usage;
        }

        return Assert.IsType<Usage>(usage);
    }

    private static async Task<(Usage Usage, int Resumes)> ReadAsync(TestServingCluster cluster, string tenant, int tokens, int samples, Action onBegin)
    {
        using AsyncServerStreamingCall<GenerateResponse> call = cluster.Client().Generate(Request(tenant, tokens, samples));
        Finished? last = null;
        int deltas = 0;
        await foreach (GenerateResponse response in call.ResponseStream.ReadAllAsync())
        {
            if (response.Delta is not null && ++deltas == 1)
            {
                onBegin();
            }

            last = response.Finished?.Usage is null ? last : response.Finished;
        }

        Assert.NotNull(last);
        return (last.Usage, last.Timing.Resumes);
    }

    private static async Task<int> LeaveAsync(TestServingCluster cluster, string tenant)
    {
        using CancellationTokenSource gone = new();
        using AsyncServerStreamingCall<GenerateResponse> call = cluster.Client().Generate(Request(tenant, 400, 1), cancellationToken: gone.Token);
        int tokens = 0;
        while (tokens < 3)
        {
            Assert.True(await call.ResponseStream.MoveNext(default));
            tokens += call.ResponseStream.Current.Delta?.TokenIds.Count ?? 0;
        }

        await gone.CancelAsync();
        return tokens;
    }

    private static GenerateRequest Request(string tenant, int tokens, int samples) => new()
    {
        Text = $"Once upon a time there was a tenant called {tenant}, who asked again and again what he had used",
        Sampling = new SamplingOptions { MaxTokens = tokens, Temperature = 1, Seed = 7, N = samples },
        Stop = new StopOptions { IgnoreEos = true },
        Scheduling = new SchedulingOptions { Tenant = tenant },
    };
}
