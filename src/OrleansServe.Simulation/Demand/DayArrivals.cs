using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Demand;

/// <summary>
/// The requests of one day: a Poisson process along the demand curve of which every n-th request is simulated and stands for n, with lengths that vary as the mean of
/// n does. In blocks of some hundred the numbers drawn are scaled to their mean, so that the day's totals are the scenario's, to the token.
/// </summary>
internal static class DayArrivals
{
    private const int Block = 256;
    private const ulong TimesPurpose = 1;
    private const ulong InputPurpose = 2;
    private const ulong OutputPurpose = 3;
    private const ulong Purposes = 16;

    // The lengths of single prompts and answers vary about as much as their mean.
    private const double LengthShape = 1;

    /// <summary>The requests of a trace, each by itself, on the day that counts.</summary>
    public static IEnumerable<Arrival> Replay(IReadOnlyList<TraceRequest> trace)
    {
        foreach (TraceRequest request in trace)
        {
            UInt128[] names = new UInt128[request.InputTokens / TraceRequest.BlockTokens];
            for (int i = 0; i < names.Length; i++)
            {
                names[i] = (UInt128)request.BlockIds[i];
            }

            yield return new Arrival(request.Milliseconds * TimeSpan.TicksPerMillisecond, 1, request.InputTokens, 0, request.OutputTokens, names);
        }
    }

    /// <summary>Draws a day.</summary>
    /// <param name="scenario">The day.</param>
    /// <param name="curve">Its demand.</param>
    /// <param name="day">0 for the day that counts, negative for those before it.</param>
    /// <param name="level">Requests as a multiple of the scenario's.</param>
    public static IEnumerable<Arrival> Draw(Scenario scenario, DemandCurve curve, int day, double level)
    {
        long requests = (long)(scenario.Requests * level);
        int count = (int)Math.Min(requests, scenario.Settings.MostSimulatedRequests);
        if (count == 0)
        {
            yield break;
        }

        double members = (double)requests / count;
        ulong purpose = unchecked((ulong)(long)day) * Purposes;
        SeededDraws times = new(scenario.Settings.Seed, purpose + TimesPurpose);
        SeededDraws inputs = new(scenario.Settings.Seed, purpose + InputPurpose);
        SeededDraws outputs = new(scenario.Settings.Seed, purpose + OutputPurpose);
        double[] gaps = new double[Block];
        double[] prompts = new double[Block];
        double[] answers = new double[Block];
        double inputScale = level * scenario.InputTokens / count;
        double outputScale = level * scenario.OutputTokens / count;
        double cached = (double)scenario.CachedTokens / Math.Max(1, scenario.InputTokens);
        Total input = default;
        Total hits = default;
        Total output = default;
        Total all = default;
        int piece = 0;
        long before = long.MinValue;
        for (int begin = 0; begin < count; begin += Block)
        {
            int length = Math.Min(Block, count - begin);
            Fill(times, gaps.AsSpan(0, length), members);
            Fill(inputs, prompts.AsSpan(0, length), members * LengthShape);
            Fill(outputs, answers.AsSpan(0, length), members * LengthShape);
            double at = begin;
            for (int i = 0; i < length; i++)
            {
                at += gaps[i];
                double share = Math.Min(1, at / count) * curve.Pieces[^1].ShareAtEnd;
                while (piece < curve.Pieces.Count - 1 && share > curve.Pieces[piece].ShareAtEnd)
                {
                    piece++;
                }

                double seconds = curve.Pieces[piece].TimeOf(share) + (day * DemandCurve.DaySeconds);
                before = Math.Max(before, Math.Min((long)(seconds * TimeSpan.TicksPerSecond), ((day + 1) * TimeSpan.TicksPerDay) - 1));
                long tokens = input.Next(inputScale * prompts[i]);
                yield return new Arrival(before, all.Next(members), tokens, Math.Min(tokens, hits.Next(tokens * cached)), output.Next(outputScale * answers[i]));
            }
        }
    }

    /// <summary>Numbers whose mean is 1: spacings of random points.</summary>
    private static void Fill(SeededDraws draws, Span<double> values, double shape)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = draws.NextGamma(shape);
            sum += values[i];
        }

        foreach (ref double value in values)
        {
            value *= values.Length / sum;
        }
    }

    /// <summary>A sum whose parts are whole numbers: what one lacks or has too much, the next makes up for.</summary>
    private struct Total
    {
        private double _exact;
        private long _given;

        public long Next(double value)
        {
            _exact += value;
            long part = Math.Max(0, (long)Math.Round(_exact) - _given);
            _given += part;
            return part;
        }
    }
}
