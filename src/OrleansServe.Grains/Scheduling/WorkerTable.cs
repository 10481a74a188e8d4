using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Balancing;

namespace OrleansServe.Grains.Scheduling;

/// <summary>The workers that report, in the order of role and key, so that no decision depends on who reported first.</summary>
internal sealed class WorkerTable(TimeProvider time)
{
    private readonly SortedDictionary<(WorkerRole Role, string Key), WorkerEntry> _entries = [];

    /// <summary>What the prefill workers have cached and were given lately.</summary>
    public PrefillRouter Router { get; } = new();

    /// <summary>What makes a worker full.</summary>
    public WorkerFill Fill { get; init; } = new(8192, 256);

    public IEnumerable<WorkerEntry> All => _entries.Values;

    /// <summary>Takes a report in.</summary>
    /// <returns>False if it builds on reports that are not known here: the worker is to report in full.</returns>
    public bool Apply(WorkerReport report)
    {
        (WorkerRole, string) key = (report.Role, report.Worker.Key);
        bool known = _entries.TryGetValue(key, out WorkerEntry? entry);
        bool full = !known || entry!.Report.Incarnation != report.Incarnation;
        if (full && report.Sequence != 1)
        {
            return false;
        }

        if (!full && report.Sequence != entry!.Report.Sequence + 1)
        {
            // An old one that was overtaken says nothing new; a gap means that changes of the cache were missed.
            return report.Sequence <= entry.Report.Sequence;
        }

        if (!known)
        {
            _entries[key] = entry = new WorkerEntry(report, Router);
        }

        else
        {
            entry!.Worked(time.GetElapsedTime(entry.ReportedAt) * Fill.BusyOf(entry.Report));
        }

        // Requests under way go on counting against a worker that reports anew.
        entry!.Apply(report, time.GetTimestamp(), full);
        return true;
    }

    /// <summary>Forgets workers that have not reported for too long, and those that <paramref name="isGone"/> names.</summary>
    public void Expire(TimeSpan timeout, Func<WorkerEntry, bool> isGone)
    {
        foreach ((WorkerRole, string) key in _entries.Where(pair => time.GetElapsedTime(pair.Value.ReportedAt) > timeout || isGone(pair.Value)).Select(pair => pair.Key).ToArray())
        {
            _entries.Remove(key, out WorkerEntry? gone);
            gone!.Leave();
        }
    }
}
