using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Cluster;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// Gives back what requests held, each lease once, in its own time and not the client's: a request's end must not depend on whether its worker
/// still answers.
/// </summary>
/// <param name="grains">Who is told.</param>
/// <param name="notices">How, and how often.</param>
internal sealed class LeaseReleaser(WorkerGrains grains, Notices notices)
{
    // A worker that does not answer is gone, or takes its room back by itself: its reservations expire and its streams come to their ends.
    private const int WorkerAttempts = 4;

    /// <summary>Begins to release a lease, unless that has begun before.</summary>
    /// <returns>Ends when all has been said once; what was not confirmed is said again without anybody's waiting. Never fails.</returns>
    public Task ReleaseAsync(WorkerLease lease) => lease.TryClaimRelease() ? ReleaseCoreAsync(lease) : Task.CompletedTask;

    /// <summary>Begins to release one sample of a request; its lease stays.</summary>
    /// <returns>As <see cref="ReleaseAsync"/>.</returns>
    public Task ReleaseSampleAsync(WorkerLease lease, int sample) => lease.Decode is WorkerId worker
        ? notices.SendAsync(
            $"To decode worker {worker}: that sample {sample} of request {lease.RequestId:N} has ended",
            () => grains.Decode(worker).ReleaseSampleAsync(lease.RequestId, sample),
            WorkerAttempts)
        : Task.CompletedTask;

    private async Task ReleaseCoreAsync(WorkerLease lease)
    {
        // Blocks first: the scheduler may hand the room on as soon as it knows.
        if (lease.Decode is WorkerId worker)
        {
            await notices.SendAsync(
                $"To decode worker {worker}: that request {lease.RequestId:N} has ended", () => grains.Decode(worker).ReleaseAsync(lease.RequestId), WorkerAttempts);
        }

        if (lease.Admitted)
        {
            // The scheduler counts the request against its workers until it hears of its end, or this gateway dies.
            await notices.SendAsync(
                $"To the scheduler: that request {lease.RequestId:N} has ended", () => grains.Scheduler.CompleteAsync(lease.RequestId), Notices.UntilConfirmed);
        }
    }
}
