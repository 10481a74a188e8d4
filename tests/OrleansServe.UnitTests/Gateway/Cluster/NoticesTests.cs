using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Options;
using Prometheus;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Cluster;

public sealed class NoticesTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly ManualTime _time = new();
    private readonly GatewayMetrics _metrics = new(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), "m");
    private readonly Notices _notices;

    public NoticesTests() => _notices = new Notices(
        Microsoft.Extensions.Options.Options.Create(new GatewayOptions { ReleaseTimeout = TimeSpan.FromSeconds(5) }), _metrics, _time, NullLogger<Notices>.Instance);

    public void Dispose() => _notices.Dispose();

    [Fact]
    public async Task Send_SchedulerAwayForMinutes_IsSaidUntilItIsConfirmedAndNobodyWaits()
    {
        int calls = 0;
        await _notices.SendAsync("the end", () => ++calls < 40 ? throw new TimeoutException() : Task.CompletedTask, Notices.UntilConfirmed).WaitAsync(Patience);
        Assert.Equal((1, 0, 1), (calls, _notices.Count, _notices.Repeating));
        await AdvanceUntilAsync(() => _notices.Repeating == 0);
        Assert.Equal((40, 0d), (calls, _metrics.NoticesGivenUp.Value));
    }

    [Fact]
    public async Task Send_NeverAnswered_EachAttemptHasItsLimit()
    {
        int calls = 0;
        Task first = _notices.SendAsync("the end", () => ++calls < 3 ? new TaskCompletionSource().Task : Task.CompletedTask, Notices.UntilConfirmed);
        await AdvanceUntilAsync(() => first.IsCompleted && _notices.Repeating == 0);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Send_AttemptsUsedUp_GivesUpAndCounts()
    {
        int calls = 0;
        await _notices.SendAsync("the end", () => throw new TimeoutException($"{++calls}"), attempts: 4);
        await AdvanceUntilAsync(() => _notices.Repeating == 0);
        Assert.Equal((4, 1d), (calls, _metrics.NoticesGivenUp.Value));
    }

    [Fact]
    public async Task Send_Once_IsNotRepeated()
    {
        await _notices.SendAsync("a suspicion", () => throw new TimeoutException());
        Assert.Equal((0, 0, 0d), (_notices.Count, _notices.Repeating, _metrics.NoticesGivenUp.Value));
    }

    [Fact]
    public async Task Send_MoreThanMayBeRepeated_AreGivenUpAtOnce()
    {
        for (int i = 0; i < Notices.MostRepeated + 3; i++)
        {
            await _notices.SendAsync("the end", () => throw new TimeoutException(), Notices.UntilConfirmed);
        }

        Assert.Equal((Notices.MostRepeated, 3d), (_notices.Repeating, _metrics.NoticesGivenUp.Value));
    }

    [Fact]
    public async Task Stop_WhileOneIsRepeated_MakesALastAttemptAndEnds()
    {
        int calls = 0;
        await _notices.SendAsync("the end", () => ++calls < 2 ? throw new TimeoutException() : Task.CompletedTask, Notices.UntilConfirmed);
        await _notices.SendAsync("another", () => throw new TimeoutException(), Notices.UntilConfirmed);
        await _notices.StopAsync(default).WaitAsync(Patience);
        Assert.Equal((2, 0, 1d), (calls, _notices.Repeating, _metrics.NoticesGivenUp.Value));
    }

    private async Task AdvanceUntilAsync(Func<bool> holds)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!holds())
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, patience.Token);
        }
    }
}
