using System.Collections.Concurrent;
using System.Collections.Immutable;

using Microsoft.Extensions.Logging.Abstractions;

using OrleansServe.Abstractions.Usage;
using OrleansServe.Gateway.Ledgers;

using Xunit;

namespace OrleansServe.UnitTests.Gateway.Ledgers;

public sealed class UsageReporterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Stop_RecordsAreWaiting_TellsEachLedgerItsOwnFirst()
    {
        Ledgers ledgers = new();
        using UsageReporter reporter = New(ledgers, out _);
        await reporter.StartAsync(default);
        UsageRecord[] records = [.. Enumerable.Range(0, 2500).Select(_ => Record())];
        for (int i = 0; i < records.Length; i++)
        {
            reporter.Report($"tenant-{i % 3}", records[i]);
        }

        await reporter.StopAsync(default).WaitAsync(Patience);

        for (int tenant = 0; tenant < 3; tenant++)
        {
            Assert.Equal(records.Where((_, i) => i % 3 == tenant), ledgers.Told[$"tenant-{tenant}"]);
        }
    }

    [Fact]
    public async Task Report_LedgerFails_IsToldAgain()
    {
        Ledgers ledgers = new() { Failures = 2 };
        using UsageReporter reporter = New(ledgers, out UsageMetrics metrics);
        await reporter.StartAsync(default);
        UsageRecord record = Record();

        reporter.Report("t", record);
        await reporter.StopAsync(default).WaitAsync(Patience);

        Assert.Equal([record], ledgers.Told["t"]);
        Assert.Equal((1, 2, 0), (metrics.Recorded.Value, metrics.Retries.Value, metrics.Lost.Value));
    }

    [Fact]
    public async Task Stop_LedgerNeverAnswers_CountsWhatIsLost()
    {
        Ledgers ledgers = new() { Failures = int.MaxValue };
        using UsageReporter reporter = New(ledgers, out UsageMetrics metrics);
        await reporter.StartAsync(default);
        reporter.Report("t", Record());
        await ledgers.Asked.Task.WaitAsync(Patience);

        using CancellationTokenSource patience = new();
        Task stopping = reporter.StopAsync(patience.Token);
        await patience.CancelAsync();
        await stopping.WaitAsync(Patience);
        await reporter.ExecuteTask!.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(Patience);

        Assert.Equal(1, metrics.Lost.Value);
    }

    private static UsageReporter New(Ledgers ledgers, out UsageMetrics metrics)
    {
        metrics = new UsageMetrics(Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()));
        return new UsageReporter(ledgers.Find, metrics, TimeProvider.System, NullLogger<UsageReporter>.Instance);
    }

    private static UsageRecord Record() => new(Guid.NewGuid(), "m", DateTimeOffset.UnixEpoch, 1, 2, 3, 0);

    private sealed class Ledgers
    {
        public int Failures;

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentDictionary<string, List<UsageRecord>> Told { get; } = new();

        public ConcurrentDictionary<string, Guid> Reporters { get; } = new();

        public ConcurrentDictionary<string, long> Numbers { get; } = new();

        public FakeLedger Find(string tenant) => new(this, tenant);
    }

    private sealed class FakeLedger(Ledgers all, string tenant) : IUsageLedgerGrain
    {
        public Task<RecordedUsage> RecordAsync(Guid reporter, ImmutableArray<NumberedUsage> records)
        {
            all.Asked.TrySetResult();
            Assert.Equal(records.OrderBy(record => record.Number), records);
            Assert.Equal(all.Reporters.GetOrAdd(tenant, reporter), reporter);
            long last = all.Numbers.GetValueOrDefault(tenant);
            Assert.All(records, record => Assert.True(record.Number > last));
            if (Interlocked.Decrement(ref all.Failures) >= 0)
            {
                return Task.FromException<RecordedUsage>(new TimeoutException());
            }

            all.Numbers[tenant] = records[^1].Number;
            all.Told.GetOrAdd(tenant, _ => []).AddRange(records.Select(record => record.Record));
            return Task.FromResult(new RecordedUsage(records.Length, 0, 0));
        }

        public Task<ImmutableArray<HourUsage>> GetHoursAsync(DateTimeOffset from, DateTimeOffset to) => throw new NotSupportedException();
    }
}
