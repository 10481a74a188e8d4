using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Workers;

/// <summary>
/// Empties the workers of a silo that is to stop: the scheduler gives them nothing more where others can be had, requests that end in time do so, and the
/// others are handed on as far as other silos have room. Where there are no others, all go on until the time is over.
/// </summary>
internal sealed class WorkerDrain(IReadOnlyList<IWorker> workers, ISchedulerGrain scheduler, WorkerContext context)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestReserve = TimeSpan.FromSeconds(3);

    /// <summary>Runs until the workers are empty or the time is over; whatever they have then ends with them, and is handed on too. Never fails.</summary>
    public async Task RunAsync()
    {
        long begun = context.Time.GetTimestamp();

        // What comes after the drain, above all the silo's own leaving, has the rest.
        TimeSpan reserve = context.Options.DrainLimit / 5 < LongestReserve ? context.Options.DrainLimit / 5 : LongestReserve;
        TimeSpan limit = context.Options.DrainLimit - reserve;
        Task drained = Task.WhenAll(workers.Select(worker => worker.Drained));
        foreach (IWorker worker in workers)
        {
            worker.BeginDrain();
        }

        while (!drained.IsCompleted && context.Time.GetElapsedTime(begun) < limit)
        {
            long room = await RoomElsewhereAsync();
            foreach (IWorker worker in workers)
            {
                worker.HandOver(limit - context.Time.GetElapsedTime(begun), room / workers.Count);
            }

            await Task.WhenAny(drained, Task.Delay(Interval, context.Time, CancellationToken.None));
        }
    }

    private async Task<long> RoomElsewhereAsync()
    {
        try
        {
            SchedulerSnapshot snapshot = await scheduler.GetSnapshotAsync().WaitAsync(CallTimeout, context.Time);
            WorkerStatus[] others = [.. snapshot.Workers.Where(worker =>
                worker.Worker.Node != context.Options.Node && !worker.Draining && worker.KvFormat == context.Model.KvFormatHex)];
            bool prefill = workers.Any(worker => worker is Prefill.PrefillWorker);
            return !prefill || others.Any(worker => worker.Role == WorkerRole.Prefill)
                ? others.Where(worker => worker.Role == WorkerRole.Decode).Sum(worker => (long)worker.Load.KvBlocksTotal - worker.Load.KvBlocksUsed)
                : 0;
        }
#pragma warning disable CA1031 // A cluster that cannot be asked is no reason to give streams up.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            WorkerLog.DrainBlind(context.Logger, fault);
            return 0;
        }
    }
}
