using OrleansServe.Engine.Overlap;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>What happened when in the MoE layers of one step; microseconds from the first stage on.</summary>
/// <param name="Spans">In order of their beginnings.</param>
internal sealed record TimeLine(IReadOnlyList<TimeSpanOf> Spans)
{
    /// <summary>Seconds for which the engine computed.</summary>
    public double ComputedSeconds => Spans.Where(span => span.Kind <= SpanKind.Combine).Sum(span => span.End - span.Begin) / 1e6;

    /// <summary>The time line of a log.</summary>
    /// <param name="log">A step of two microbatches.</param>
    /// <param name="time">What it was measured with.</param>
    public static TimeLine Of(StageLog log, TimeProvider time)
    {
        if (log.Stages.Count == 0)
        {
            return new TimeLine([]);
        }

        long origin = log.Stages[0].Begun;
        List<TimeSpanOf> spans = [];
        for (int i = 0; i < log.Stages.Count; i++)
        {
            StageLog.StageEntry stage = log.Stages[i];
            StageLog.WaitEntry? wait = stage.Stage == OverlapStage.Combine
                ? log.Waits.Find(entry => entry.Layer == stage.Layer && entry.Microbatch == stage.Microbatch)
                : null;
            if (wait is { } waited)
            {
                Add(stage, SpanKind.Wait, waited.Begun, waited.Ended);
            }

            // A stage ends where the next begins; the last one is a combine, which does little behind its wait.
            long begin = wait?.Ended ?? stage.Begun;
            Add(stage, (SpanKind)stage.Stage, begin, i + 1 < log.Stages.Count ? log.Stages[i + 1].Begun : begin);
        }

        foreach (StageLog.WaitEntry wait in log.Waits.Where(wait => wait.Away.Sent != 0))
        {
            StageLog.StageEntry of = new(wait.Layer, wait.Microbatch, OverlapStage.Combine, 0);
            Add(of, SpanKind.There, wait.Away.Sent, wait.Away.Arrived);
            Add(of, SpanKind.Queued, wait.Away.Arrived, wait.Away.Begun);
            Add(of, SpanKind.Far, wait.Away.Begun, wait.Away.Ended);
            Add(of, SpanKind.Back, wait.Away.Ended, wait.Away.Returned);
        }

        return new TimeLine([.. spans.OrderBy(span => span.Begin)]);

        void Add(StageLog.StageEntry stage, SpanKind kind, long begin, long end)
        {
            if (end > begin)
            {
                spans.Add(new TimeSpanOf(stage.Layer, stage.Microbatch, kind, Microseconds(begin), Microseconds(end)));
            }
        }

        double Microseconds(long at) => (at - origin) * 1e6 / time.TimestampFrequency;
    }
}
