using System.Globalization;
using OrleansServe.Engine.Attention;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Mtp;
using OrleansServe.Engine.Overlap;
using OrleansServe.Engine.Probes;
using OrleansServe.Engine.Strands;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine;

/// <summary>
/// The engine on the processor: fp32 arithmetic on bf16 or fp32 weights. All of its memory is allocated when it is built; a step
/// allocates nothing on the managed heap unless a sequence fails.
/// </summary>
public sealed class CpuEngine : IEngine
{
    private readonly ModelWeights _weights;
    private readonly ModelConfig _config;
    private readonly ComputePool _pool;
    private readonly PagedKv _kv;
    private readonly PlanValidator _validator;
    private readonly StepBatch _batch;
    private readonly StepSharing _sharing;
    private readonly DecoderLayer _layer;
    private readonly Microbatches _microbatches;
    private readonly StrandWork? _strands;
    private readonly int _overlapRows;
    private readonly OutputHead _head;
    private readonly MtpLayer? _mtp;
    private readonly Drafter? _drafter;
    private readonly RowWork _embed;
    private readonly float[] _hidden;
    private bool _disposed;

    /// <summary>Builds an engine and allocates its memory.</summary>
    /// <param name="weights">the model; stays the caller's and must outlive the engine</param>
    /// <param name="options">sizes</param>
    /// <param name="experts">computes routed experts; null stands for the experts of <paramref name="weights"/></param>
    /// <param name="second">
    /// another dispatcher, so that a step with rows that go elsewhere may be taken through MoE layers in two microbatches (<see cref="EngineOptions.OverlapRows"/>), and the rows of a small
    /// step be divided between two threads; no result depends on it
    /// </param>
    /// <exception cref="ArgumentException">An option is out of range, sizes are too large together, or experts are missing.</exception>
    public CpuEngine(ModelWeights weights, EngineOptions options, IExpertDispatcher? experts = null, IExpertDispatcher? second = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var mtp = options.UseMtp ? weights.Mtp : null;
        if (experts is null)
        {
            RequireExperts(weights, mtp is not null);
        }

        _weights = weights;
        _config = weights.Config;
        var rotary = new RotaryEmbedding(_config);
        var layout = new KvLayout
        {
            Layers = _config.NumHiddenLayers + (mtp is null ? 0 : 1),
            LatentWidth = _config.KvLoraRank,
            RopeWidth = _config.QkRopeHeadDim,
        };
        Info = new EngineInfo
        {
            Model = _config,
            VocabularySize = _config.VocabSize,
            MaxContext = (int)Math.Min(_config.MaxPositionEmbeddings, (long)options.KvBlocks * KvLayout.BlockTokens),
            MaxBatchTokens = options.MaxBatchTokens,
            MaxSampledTokens = options.SampledTokens,
            MaxTopLogprobs = options.MaxTopLogprobs,
            KvLayout = layout,
            HasMtp = mtp is not null,
        };

        var rows = options.MaxBatchTokens;
        _pool = new ComputePool(options.ComputeThreads);
        try
        {
            if (experts is null && weights.Experts is { } bank)
            {
                experts = new LocalExpertDispatcher(bank);
            }

            _validator = new PlanValidator(Info, options.KvBlocks);
            _batch = new StepBatch(rows, rotary);
            _sharing = new StepSharing(_config, options.SmallestSharedStep);
            _hidden = Buffers.Floats("residual stream", rows, _config.HiddenSize);
            _embed = new RowWork(Embed);
            _head = new OutputHead(_config, rows, options.SampledTokens, _pool);
            _kv = new PagedKv(layout, options.KvBlocks);
            IExpertDispatcher[] dispatchers = experts is null ? [] : second is null || options.OverlapRows == 0 ? [experts] : [experts, second];
            var secondRows = Math.Max(rows / 2, 1);
            _layer = new DecoderLayer(_config, dispatchers.Length > 1 ? [rows, secondRows] : [rows], rotary, _kv, dispatchers, options.ExpertRows, _pool);
            _overlapRows = dispatchers.Length > 1 ? options.OverlapRows : int.MaxValue;
            _microbatches = new Microbatches(_layer, _sharing, secondRows);
            _strands = Strands(rotary, experts, second, options.ExpertRows);
            if (mtp is not null)
            {
                _mtp = new MtpLayer(weights, mtp, rows, _layer, _kv, _pool);
                _drafter = new Drafter(this, options.SampledTokens);
            }
        }
        catch
        {
            _kv?.Dispose();
            _pool.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public EngineInfo Info { get; }

    /// <inheritdoc/>
    public IKvMemory Kv => _kv;

    internal IStepProbe? Probe { get; set; }

    internal IStageObserver? Stages { get; set; }

    internal ComputePool Pool => _pool;

    /// <inheritdoc/>
    public void Step(StepPlan plan, StepResult result)
    {
        Begin(plan, result);
        _embed.Run(_pool, _batch.Rows);
        Probe?.Rows(ProbeStage.Embedding, -1, Rows);
        if (Divides())
        {
            ForwardDivided();
        }
        else if (DividesRows())
        {
            _strands!.Run(_weights.Layers, _batch, _hidden);
        }
        else
        {
            for (var layer = 0; layer < _weights.Layers.Length; layer++)
            {
                _layer.Forward(_weights.Layers[layer], layer, layer - 1, _batch, _hidden, Probe);
                Probe?.Rows(ProbeStage.Hidden, layer, Rows);
            }
        }

        _head.Finish(_weights.FinalNorm, _weights.Head, _weights.Layers.Length - 1, _batch, _hidden, result, Probe);
        _mtp?.WriteKv(_batch, result.Hidden.Span, _hidden);
    }

    /// <inheritdoc/>
    public void Draft(DraftPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ObjectDisposedException.ThrowIf(_disposed, this);
        (_drafter ?? throw WithoutMtp()).Run(plan);
    }

    /// <summary>Stops the threads and frees the KV memory.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _strands?.Dispose();
            _pool.Dispose();
            _kv.Dispose();
        }
    }

    /// <summary>
    /// Runs the MTP layer once: a row takes its token, at position p, and the state of the token at p − 1, writes its KV for p, and predicts
    /// the token at p + 1.
    /// </summary>
    /// <param name="plan">[n] tokens</param>
    /// <param name="states">[n, hidden] states of the tokens before, in plan order</param>
    /// <param name="result">filled anew with the drafts</param>
    internal void ForwardMtp(StepPlan plan, ReadOnlySpan<float> states, StepResult result)
    {
        var mtp = _mtp ?? throw WithoutMtp();
        Begin(plan, result, firstAttended: 1);
        if (states.Length != _batch.Rows * _config.HiddenSize)
        {
            throw new ArgumentException($"{states.Length} state elements for {_batch.Rows} rows of {_config.HiddenSize}", nameof(states));
        }

        mtp.Forward(_batch, states, _hidden, _head, result, Probe);
    }

    private ReadOnlySpan<float> Rows => _hidden.AsSpan(0, _batch.Rows * _config.HiddenSize);

    private static void RequireExperts(ModelWeights weights, bool mtp)
    {
        var layers = weights.Config.NumHiddenLayers + (mtp ? 1 : 0);
        for (var layer = 0; layer < layers; layer++)
        {
            if (weights.Config.IsMoeLayer(layer) && weights.Experts?.HoldsAll(layer) != true)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"layer {layer} lacks routed experts, and no dispatcher was given"), nameof(weights));
            }
        }
    }

    private static InvalidOperationException WithoutMtp() => new("the model was loaded without an MTP layer");

    private void Begin(StepPlan plan, StepResult result, int firstAttended = 0)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(result);
        ObjectDisposedException.ThrowIf(_disposed, this);
        _validator.Check(plan, drafting: firstAttended > 0);
        _batch.Load(plan, firstAttended);
        _pool.CallerAlone = !_sharing.IsWorthIt(_batch);
        result.Begin(plan, _head.Logits, _config.VocabSize);
    }

    // Every matrix is read twice then, which pays only where there is a way to hide: the last step tells.
    private bool Divides() => _batch.Rows >= Math.Max(_overlapRows, 2) && _layer.SentRowsAway && Probe is null;

    // A probe sees whole steps, and whoever waits for a layer's KV the layers in turn. Rows that leave have more time to hide beside each other than apart.
    private bool DividesRows() =>
        _strands is not null && _pool.CallerAlone && _batch.Rows > 1 && _batch.Rows <= _strands.MostRows && _batch.KvWritten is null && Probe is null && !_layer.SentRowsAway;

    // Each strand has experts of its own in flight, and a dispatcher knows of one work only.
    private StrandWork? Strands(RotaryEmbedding rotary, IExpertDispatcher? experts, IExpertDispatcher? second, ExpertRowFormat format)
    {
        var rows = Math.Min(_batch.MostRows, _sharing.MostRowsAlone);
        var strands = Math.Min(_pool.Threads, rows);
        IExpertDispatcher?[] dispatchers = experts switch
        {
            null => new IExpertDispatcher?[strands],
            LocalExpertDispatcher local => [.. Enumerable.Range(0, strands).Select(_ => local.Another())],
            _ => second is null || strands < 2 ? [] : [experts, second],
        };
        return dispatchers.Length < 2 ? null : new StrandWork(_config, rows, rotary, _kv, dispatchers, format, _pool);
    }

    private void ForwardDivided()
    {
        _microbatches.Divide(_batch);
        var layers = _weights.Layers;
        for (var layer = 0; layer < layers.Length;)
        {
            var end = layer;
            while (end < layers.Length && layers[end].Router is not null)
            {
                end++;
            }

            if (end > layer)
            {
                _microbatches.Run(layers, layer, end, _batch, _hidden, Stages);
                layer = end;
            }
            else
            {
                _layer.Forward(layers[layer], layer, layer - 1, _batch, _hidden, probe: null);
                layer++;
            }
        }
    }

    private void Embed(int first, int end, int worker)
    {
        for (var row = first; row < end; row++)
        {
            _weights.Embedding.CopyRow(_batch.Tokens[row], _hidden.AsSpan(row * _config.HiddenSize, _config.HiddenSize));
        }
    }
}
