using System.Globalization;

namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>
/// Requests of a trace with its times and lengths. The tokens are made up, but equal ids become equal tokens: prompts share as much as those that were recorded.
/// </summary>
/// <param name="Name">The file.</param>
/// <param name="Entries">The requests.</param>
/// <param name="LengthScale">Every length is multiplied by this, at most 1, so that a small model can take it; blocks shrink with the prompts.</param>
/// <param name="Speedup">The times are divided by this.</param>
internal sealed record TraceWorkload(string Name, IReadOnlyList<TraceEntry> Entries, double LengthScale, double Speedup)
{
    /// <summary>In words.</summary>
    public string Description => Name
        + (LengthScale < 1 ? string.Create(CultureInfo.InvariantCulture, $", lengths scaled by {LengthScale:0.######} (a shared block has {TraceEntry.BlockTokens * LengthScale:0.##} tokens instead of {TraceEntry.BlockTokens})") : "")
        + (Speedup == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", {Speedup:0.######} times as fast"));

    /// <summary>Makes the requests.</summary>
    /// <param name="vocabulary">Token ids are below this.</param>
    /// <param name="arrivals">When they come; null for the trace's own times.</param>
    /// <param name="seed">The tokens are a function of it.</param>
    public IReadOnlyList<PlannedRequest> Plan(int vocabulary, ArrivalProcess? arrivals, ulong seed)
    {
        PlannedRequest[] planned = new PlannedRequest[Entries.Count];
        for (int i = 0; i < planned.Length; i++)
        {
            TraceEntry entry = Entries[i];
            TimeSpan due = arrivals?.Next() ?? TimeSpan.FromMilliseconds((entry.Milliseconds - Entries[0].Milliseconds) / Speedup);
            int input = Scaled(entry.InputLength);
            planned[i] = new PlannedRequest(i, due, input, Scaled(entry.OutputLength), () => new PromptContent(null, Tokens(entry, input)));
        }

        return planned;

        int[] Tokens(TraceEntry entry, int input)
        {
            int[] tokens = new int[input];
            for (int block = 0; block < entry.HashIds.Length; block++)
            {
                int begin = Math.Min(Boundary(block), input);
                int end = Math.Min(Boundary(block + 1), input);
                RandomWorkload.Fill(tokens.AsSpan(begin, end - begin), vocabulary, DrawPurpose.TraceBlock.Draw(seed, (ulong)entry.HashIds[block]));
            }

            return tokens;
        }
    }

    private int Scaled(int length) => Math.Max(1, (int)Math.Round(length * LengthScale));

    // Depends on the block's place alone, so that what two prompts share stays where it is.
    private int Boundary(int block) => (int)Math.Ceiling((double)block * TraceEntry.BlockTokens * LengthScale);
}
