using System.Numerics;
using System.Runtime.InteropServices;
using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>
/// An engine that costs next to nothing, whose every token depends on each byte of KV of all positions before it in every layer, and whose KV depends on each token:
/// a byte that is missing, old or another request's changes the answer.
/// </summary>
internal sealed class HashEngine : IEngine, IKvMemory
{
    private const int Vocabulary = 50_000;
    private readonly byte[][][] _blocks;

    public HashEngine(KvLayout layout, int blocks, int maxBatchTokens)
    {
        Layout = layout;
        _blocks = [.. Enumerable.Range(0, blocks).Select(_ => Enumerable.Range(0, layout.Layers).Select(_ => new byte[layout.BytesPerBlockLayer]).ToArray())];
        Info = new EngineInfo
        {
            Model = null!, // Nobody asks for it where there is no MTP layer.
            VocabularySize = Vocabulary,
            MaxContext = 4096,
            MaxBatchTokens = maxBatchTokens,
            MaxSampledTokens = 64,
            MaxTopLogprobs = 0,
            KvLayout = layout,
        };
    }

    public EngineInfo Info { get; }

    public IKvMemory Kv => this;

    public KvLayout Layout { get; }

    public int BlockCount => _blocks.Length;

    /// <summary>Layers of blocks that have come from elsewhere.</summary>
    public int Written { get; private set; }

    /// <summary>What the model says to a prompt.</summary>
    public static int[] Answer(KvLayout layout, IReadOnlyList<int> prompt, int tokens)
    {
        int length = prompt.Count + tokens;
        using HashEngine engine = new(layout, KvLayout.BlocksFor(length), length);
        int[] all = [.. prompt, .. new int[tokens]];
        int[] blocks = [.. Enumerable.Range(0, engine.BlockCount)];
        StepResult result = new();
        for (int known = prompt.Count, fed = 0; known < length; fed = known++)
        {
            StepPlan plan = new();
            plan.Add(new StepSequence { Tokens = all.AsMemory(fed, known - fed), StartPosition = fed, Blocks = blocks, Sample = true });
            engine.Step(plan, result);
            all[known] = result[0].Token;
        }

        return all[prompt.Count..];
    }

    public void Step(StepPlan plan, StepResult result)
    {
        result.Begin(plan, default, Vocabulary);
        for (int layer = 0; layer < Layout.Layers; layer++)
        {
            for (int i = 0; i < plan.Count; i++)
            {
                ref readonly StepSequence sequence = ref plan[i];
                for (int row = sequence.CachedRows; row < sequence.Tokens.Length; row++)
                {
                    int position = sequence.StartPosition + row;
                    ulong before = position == 0 ? (ulong)layer : Row(sequence, layer, position - 1)[0];
                    ulong state = Mix(before, (ulong)sequence.Tokens.Span[row] + 1);
                    foreach (ref ulong value in Row(sequence, layer, position))
                    {
                        value = state;
                        state = Mix(state, 17);
                    }
                }
            }

            plan.LayerCompleted?.Invoke(layer);
        }

        for (int i = 0; i < plan.Count; i++)
        {
            if (plan[i].Sample)
            {
                result.Set(i, 0, new SampledToken { Token = Sample(plan[i]), Logprob = -1 });
            }
        }
    }

    public void Draft(DraftPlan plan) => throw new InvalidOperationException("no MTP layer");

    public void Read(int block, int layer, Span<byte> destination) => _blocks[block][layer].CopyTo(destination);

    public ReadOnlyMemory<byte> Lend(int block, int layer) => _blocks[block][layer];

    public void Write(int block, int layer, ReadOnlySpan<byte> source)
    {
        Written++;
        source.CopyTo(_blocks[block][layer]);
    }

    public void WritePart(int block, int layer, int offset, ReadOnlySpan<byte> source)
    {
        Written += offset + source.Length == Layout.BytesPerBlockLayer ? 1 : 0;
        source.CopyTo(_blocks[block][layer].AsSpan(offset));
    }

    public void Clear(int block) => Array.ForEach(_blocks[block], layer => Array.Clear(layer));

    public void Dispose()
    {
    }

    private int Sample(in StepSequence sequence)
    {
        ulong all = 0;
        for (int layer = 0; layer < Layout.Layers; layer++)
        {
            for (int position = 0; position < sequence.StartPosition + sequence.Tokens.Length; position++)
            {
                foreach (ulong value in Row(sequence, layer, position))
                {
                    all = Mix(all, value);
                }
            }
        }

        return (int)(all % Vocabulary);
    }

    private Span<ulong> Row(in StepSequence sequence, int layer, int position)
    {
        int block = sequence.Blocks.Span[position / KvLayout.BlockTokens];
        int width = Layout.RowWidth * sizeof(float) / sizeof(ulong);
        return MemoryMarshal.Cast<byte, ulong>(_blocks[block][layer].AsSpan()).Slice(position % KvLayout.BlockTokens * width, width);
    }

    private static ulong Mix(ulong state, ulong value) => BitOperations.RotateLeft((state ^ value) * 0x9E3779B97F4A7C15, 29) + 0x2545F4914F6CDD1D;
}
