using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Gateway.Options;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// Gives back what requests held, each lease once, in its own time and not the client's: a request's end must not depend on whether its worker
/// still answers. Owns the releases under way and waits for them when the host stops.
/// </summary>
internal sealed partial class LeaseReleaser : IHostedService
{
    private readonly ConcurrentDictionary<Task, bool> _underWay = new();
    private readonly WorkerGrains _grains;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseReleaser> _logger;

    /// <param name="grains">Who is told.</param>
    /// <param name="options">How long they have.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives the releases that failed.</param>
    public LeaseReleaser(WorkerGrains grains, IOptions<GatewayOptions> options, TimeProvider time, ILogger<LeaseReleaser> logger)
    {
        _grains = grains;
        _limit = options.Value.ReleaseTimeout;
        _time = time;
        _logger = logger;
    }

    /// <summary>Releases under way.</summary>
    public int Count => _underWay.Count;

    /// <summary>Begins to release a lease, unless that has begun before.</summary>
    /// <returns>Ends when all is given back or given up, and never fails.</returns>
    public Task ReleaseAsync(WorkerLease lease)
    {
        if (!lease.TryClaimRelease())
        {
            return Task.CompletedTask;
        }

        return Watch(ReleaseCoreAsync(lease));
    }

    /// <summary>Begins to release one sample of a request; its lease stays.</summary>
    /// <returns>Ends when that is done or given up, and never fails.</returns>
    public Task ReleaseSampleAsync(WorkerLease lease, int sample) => lease.Decode is WorkerId worker
        ? Watch(TellAsync(lease.RequestId, $"Decode worker {worker}", () => _grains.Decode(worker).ReleaseSampleAsync(lease.RequestId, sample)))
        : Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_underWay.Keys).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            LogAbandoned(_logger, _underWay.Count);
        }
    }

    private Task Watch(Task release)
    {
        if (!release.IsCompleted)
        {
            _underWay[release] = true;
            _ = release.ContinueWith(
                static (done, all) => ((ConcurrentDictionary<Task, bool>)all!).TryRemove(done, out _),
                _underWay,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        return release;
    }

    private async Task ReleaseCoreAsync(WorkerLease lease)
    {
        // Blocks first: the scheduler may hand the room on as soon as it knows.
        if (lease.Decode is WorkerId worker)
        {
            await TellAsync(lease.RequestId, $"Decode worker {worker}", () => _grains.Decode(worker).ReleaseAsync(lease.RequestId));
        }

        if (lease.Admitted)
        {
            await TellAsync(lease.RequestId, "The scheduler", () => _grains.Scheduler.CompleteAsync(lease.RequestId));
        }
    }

    private async Task TellAsync(Guid requestId, string who, Func<Task> call)
    {
        try
        {
            await call().WaitAsync(_limit, _time);
        }
        catch (Exception fault)
        {
            // Whatever it is, the lease ends elsewhere: reservations expire and a dead silo's admissions are dropped.
            LogReleaseFailed(_logger, requestId, who, fault);
        }
    }
}
