using OrleansServe.Engine.Kv;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>How far a request has come in a schedule. Invariant: computed &lt; tokens, and the blocks cover what is computed.</summary>
/// <param name="index">Which request of the world it is.</param>
/// <param name="job">The request.</param>
/// <param name="rank">Who gives way where blocks are short.</param>
internal sealed class Life(int index, Job job, int rank)
{
    public int Index { get; } = index;

    public Job Job { get; } = job;

    public int Rank { get; } = rank;

    /// <summary>The prompt and what was produced; kept when the request loses its place.</summary>
    public List<int> Tokens { get; } = [.. job.Prompt];

    /// <summary>Tokens whose KV is in the blocks.</summary>
    public int Computed { get; set; }

    public List<int> Blocks { get; } = [];

    /// <summary>State of the last computed token, which the MTP layer wants; null after a cache hit or a move.</summary>
    public float[]? State { get; set; }

    /// <summary>Drafts of the MTP layer that wait to be verified.</summary>
    public int[] Guessed { get; set; } = [];

    /// <summary>Where it runs; null while it waits.</summary>
    public Site? Site { get; set; }

    public int Produced => Tokens.Count - Job.Prompt.Length;

    public int Pending => Tokens.Count - Computed;

    public bool Done => Produced == Job.MaxTokens;

    /// <summary>Forgets what went with a place.</summary>
    public void Leave()
    {
        Blocks.Clear();
        (Computed, Site, State, Guessed) = (0, null, null, []);
    }

    public int BlocksFor(int more) => Math.Max(KvLayout.BlocksFor(Computed + more) - Blocks.Count, 0);
}
