using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Workers.Prefill;

/// <summary>
/// Prompts that wait for KV blocks, in the order of <see cref="Ranks.ByService"/>. One that does not fit yet may be overtaken by a few that do, until
/// it is due. Belongs to the engine's thread.
/// </summary>
internal sealed class PrefillQueue
{
    /// <summary>How many may be passed over in one go: looking at each costs time that the engine could compute in.</summary>
    private const int MaxPassedOver = 16;

    private readonly List<PrefillSequence> _waiting = [];

    public int Count => _waiting.Count;

    /// <summary>Tokens of the prompts.</summary>
    public long Tokens { get; private set; }

    public void Add(PrefillSequence sequence)
    {
        _waiting.Add(sequence);
        Tokens += sequence.PromptLength;
    }

    public void Remove(PrefillSequence sequence)
    {
        if (_waiting.Remove(sequence))
        {
            Tokens -= sequence.PromptLength;
        }
    }

    public void Clear()
    {
        _waiting.Clear();
        Tokens = 0;
    }

    /// <summary>Starts those whose turn it is.</summary>
    /// <param name="now">The worker's clock.</param>
    /// <param name="tryStart">Starts one; false if it does not fit. Whether its start succeeds or fails, it is not here any more then.</param>
    public void Start(TimeSpan now, Func<PrefillSequence, bool> tryStart)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        PrefillSequence[] waiting = [.. _waiting];
        BatchCandidate[] candidates = Array.ConvertAll(waiting, sequence => new BatchCandidate(
            sequence.Class, sequence.Order, sequence.Due, sequence.Account.Served, IsStream: false, sequence.PromptLength, 0, 0));
        int[] order = new int[waiting.Length];
        Ranks.ByService(candidates, now, order);
        int passedOver = 0;
        foreach (int i in order)
        {
            Remove(waiting[i]);
            if (!tryStart(waiting[i]))
            {
                Add(waiting[i]);
                if (waiting[i].Due <= now || ++passedOver == MaxPassedOver)
                {
                    return;
                }
            }
        }
    }
}
