using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Cli.Bench.Control;

/// <summary>
/// An engine that computes nothing: every token is a function of its position. What is left of a request's cost is everything around the engine. Its KV is a
/// float a token, so that blocks are reserved, sent and committed, and moving them costs next to nothing.
/// </summary>
internal sealed class InstantEngine : IEngine, IKvMemory
{
    // Spreads positions over the vocabulary, so that the text is as mixed as a random model's.
    private const uint Spread = 2_654_435_761;

    private readonly byte[] _kv;
    private readonly StepPace _pace;
    private readonly ControlCounters _counters;

    /// <param name="config">The model that it pretends to be.</param>
    /// <param name="blocks">KV blocks.</param>
    /// <param name="maxBatchTokens">Tokens of one step at most.</param>
    /// <param name="pace">How often it steps.</param>
    /// <param name="counters">Counts what it samples.</param>
    public InstantEngine(ModelConfig config, int blocks, int maxBatchTokens, StepPace pace, ControlCounters counters)
    {
        _pace = pace;
        _counters = counters;
        Layout = new KvLayout { Layers = 1, LatentWidth = 1, RopeWidth = 0 };
        _kv = new byte[checked(blocks * Layout.BytesPerBlockLayer)];
        BlockCount = blocks;
        Info = new EngineInfo
        {
            Model = config,
            VocabularySize = config.VocabSize,
            MaxContext = (int)Math.Min(config.MaxPositionEmbeddings, (long)blocks * KvLayout.BlockTokens),
            MaxBatchTokens = maxBatchTokens,
            MaxSampledTokens = maxBatchTokens,
            MaxTopLogprobs = 0,
            KvLayout = Layout,
        };
    }

    /// <inheritdoc/>
    public EngineInfo Info { get; }

    /// <inheritdoc/>
    public IKvMemory Kv => this;

    /// <inheritdoc/>
    public KvLayout Layout { get; }

    /// <inheritdoc/>
    public int BlockCount { get; }

    /// <inheritdoc/>
    public void Step(StepPlan plan, StepResult result)
    {
        result.Begin(plan, default, Info.VocabularySize);
        plan.LayerCompleted?.Invoke(0);
        int sampled = 0;
        bool decodes = false;
        for (int i = 0; i < plan.Count; i++)
        {
            ref readonly StepSequence sequence = ref plan[i];
            decodes |= sequence.Tokens.Length == 1;
            sampled += sequence.SampleRows;
            for (int row = 0; row < sequence.SampleRows; row++)
            {
                uint position = (uint)(sequence.StartPosition + sequence.Tokens.Length - sequence.SampleRows + row);
                result.Set(i, row, new SampledToken { Token = (int)(position * Spread % (uint)Info.VocabularySize), Logprob = -1 });
            }
        }

        if (decodes)
        {
            _pace.WaitForTurn();
        }

        _counters.Sampled(sampled);
    }

    /// <inheritdoc/>
    public void Draft(DraftPlan plan) => throw new InvalidOperationException("An engine that computes nothing has no MTP layer.");

    /// <inheritdoc/>
    public void Read(int block, int layer, Span<byte> destination) => Bytes(block, layer).CopyTo(destination);

    /// <inheritdoc/>
    public void Write(int block, int layer, ReadOnlySpan<byte> source) => source.CopyTo(Bytes(block, layer));

    /// <inheritdoc/>
    public void WritePart(int block, int layer, int offset, ReadOnlySpan<byte> source) => source.CopyTo(Bytes(block, layer)[offset..]);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Lend(int block, int layer) => layer == 0
        ? _kv.AsMemory(checked(block * Layout.BytesPerBlockLayer), Layout.BytesPerBlockLayer)
        : throw new ArgumentException($"layer {layer} is not below {Layout.Layers}", nameof(layer));

    /// <inheritdoc/>
    public void Clear(int block) => Bytes(block, 0).Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held.
    }

    private Span<byte> Bytes(int block, int layer) => layer == 0
        ? _kv.AsSpan(checked(block * Layout.BytesPerBlockLayer), Layout.BytesPerBlockLayer)
        : throw new ArgumentException($"layer {layer} is not below {Layout.Layers}", nameof(layer));
}
