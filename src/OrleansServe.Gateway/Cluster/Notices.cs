using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Options;

namespace OrleansServe.Gateway.Cluster;

/// <summary>
/// Calls whose answer no client waits for: that a request has ended, that a worker is lost. One that fails may be repeated in the background, with pauses that grow, until it is
/// confirmed, its attempts are used up, or the host stops. Owns the calls under way and waits for them when the host stops.
/// </summary>
internal sealed partial class Notices : IHostedService, IDisposable
{
    /// <summary>Attempts of a call that is repeated for as long as the host runs.</summary>
    public const int UntilConfirmed = int.MaxValue;

    /// <summary>Calls that may be repeated at once; one more is given up.</summary>
    public const int MostRepeated = 1 << 14;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private readonly ConcurrentDictionary<Task, bool> _first = new();
    private readonly ConcurrentDictionary<Task, bool> _repeated = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeSpan _limit;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<Notices> _logger;
    private int _repeating;

    /// <param name="options">How long one attempt may take.</param>
    /// <param name="metrics">Counts what is given up.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives the calls that failed.</param>
    public Notices(IOptions<GatewayOptions> options, GatewayMetrics metrics, TimeProvider time, ILogger<Notices> logger)
    {
        _limit = options.Value.ReleaseTimeout;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Calls in their first attempt.</summary>
    public int Count => _first.Count;

    /// <summary>Calls that have failed and are repeated.</summary>
    public int Repeating => Volatile.Read(ref _repeating);

    /// <summary>Makes a call.</summary>
    /// <param name="what">What it says and to whom, for the log.</param>
    /// <param name="call">The call; repeating it does no harm.</param>
    /// <param name="attempts">How often it may be made, the first time included.</param>
    /// <returns>Ends with the first attempt, however that went; never fails.</returns>
    public Task SendAsync(string what, Func<Task> call, int attempts = 1) => Watch(_first, FirstAsync(what, call, attempts));

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Whoever pauses makes his last attempt now.
        await _stopping.CancelAsync();
        try
        {
            await Task.WhenAll(_first.Keys).WaitAsync(cancellationToken);
            await Task.WhenAll(_repeated.Keys).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            LogAbandoned(_logger, _first.Count + _repeated.Count);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private static Task Watch(ConcurrentDictionary<Task, bool> underWay, Task call)
    {
        if (!call.IsCompleted)
        {
            underWay[call] = true;
            _ = call.ContinueWith(
                static (done, all) => ((ConcurrentDictionary<Task, bool>)all!).TryRemove(done, out _),
                underWay,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        return call;
    }

    private async Task FirstAsync(string what, Func<Task> call, int attempts)
    {
        if (await TryAsync(call) is not { } fault)
        {
            return;
        }

        if (attempts <= 1)
        {
            LogNotConfirmed(_logger, what, fault);
        }
        else if (Interlocked.Increment(ref _repeating) > MostRepeated)
        {
            Interlocked.Decrement(ref _repeating);
            GiveUp(what, 1, fault);
        }
        else
        {
            LogRepeated(_logger, what, fault);
            _ = Watch(_repeated, RepeatAsync(what, call, attempts));
        }
    }

    private async Task RepeatAsync(string what, Func<Task> call, int attempts)
    {
        TimeSpan pause = FirstPause;
        try
        {
            for (int made = 1; ;)
            {
                bool last = await IsStoppingAfterAsync(pause);
                made++;
                if (await TryAsync(call) is not { } fault)
                {
                    LogConfirmed(_logger, what, made);
                    return;
                }

                if (last || made >= attempts)
                {
                    GiveUp(what, made, fault);
                    return;
                }

                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _repeating);
        }
    }

    private async Task<bool> IsStoppingAfterAsync(TimeSpan pause)
    {
        await Task.Delay(pause, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _stopping.IsCancellationRequested;
    }

    private async Task<Exception?> TryAsync(Func<Task> call)
    {
        try
        {
            await call().WaitAsync(_limit, _time);
            return null;
        }
#pragma warning disable CA1031 // Whatever it is, the call has to be made again, or given up and told of.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            return fault;
        }
    }

    private void GiveUp(string what, int attempts, Exception fault)
    {
        _metrics.NoticesGivenUp.Inc();
        LogGivenUp(_logger, what, attempts, fault);
    }
}
