using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>
/// Brings the plan along, a step at a time: looks which shards there are, mends the plan where one is gone, balances it now and then, has shards prepare, and publishes a plan once every
/// shard holds its part. Steps follow each other; the plan can be read meanwhile.
/// </summary>
internal sealed class ExpertPlanKeeper
{
    // What failed is not tried again without pause.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly string _model;
    private readonly ImmutableArray<int> _layers;
    private readonly int _experts;
    private readonly ShardCalls _calls;
    private readonly ExpertPlanOptions _options;
    private readonly ExpertPlanMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<ExpertPlan, Task> _store;
    // Rows since loads were looked at last, and since the plan was published.
    private readonly RowWindow _window = new();
    private readonly RowWindow _heat = new();
    private readonly PlanProposals _proposals;
    private IReadOnlyList<ShardView> _shards = [];
    private ExpertPlan? _stored;
    private PlanDraft? _current;
    private PlanDraft? _draft;
    private bool _isRetired = true;
    private bool _doubted;
    private bool _askNow;

    // What shards hold was asked with this step.
    private bool _isFresh;
    private long _lastEpoch;
    private readonly long _begunAt;
    private long _askedAt;
    private long? _abandonedAt;
    private long _publishedAt;
    private long _plannedAt;

    /// <param name="model">Name of the model.</param>
    /// <param name="layers">Its MoE layers, ascending.</param>
    /// <param name="experts">Routed experts of a layer.</param>
    /// <param name="calls">The way to the shards.</param>
    /// <param name="options">When the plan changes.</param>
    /// <param name="metrics">What is measured.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of plans.</param>
    /// <param name="stored">The plan that was in use when another activation kept it, if any.</param>
    /// <param name="store">Keeps a plan.</param>
    public ExpertPlanKeeper(
        string model,
        ImmutableArray<int> layers,
        int experts,
        ShardCalls calls,
        ExpertPlanOptions options,
        ExpertPlanMetrics metrics,
        TimeProvider time,
        ILogger logger,
        ExpertPlan? stored,
        Func<ExpertPlan, Task> store)
    {
        _model = model;
        _layers = layers;
        _experts = experts;
        _calls = calls;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _stored = stored;
        _store = store;
        _lastEpoch = stored?.Epoch ?? 0;
        _proposals = new PlanProposals(layers, experts);
        _begunAt = _askedAt = _publishedAt = _plannedAt = time.GetTimestamp();
    }

    /// <summary>The plan in use; null while some expert has no shard.</summary>
    public ExpertPlan? Current => _current?.Plan;

    /// <summary>The shards are asked with the next step what they hold.</summary>
    public void Doubt() => _doubted = true;

    /// <summary>The plan and the rows that its shards have computed by it.</summary>
    public ExpertHeat Heat()
    {
        if (_current is not { } current)
        {
            return new ExpertHeat(null, [], _draft is null ? $"Experts are missing on the {_shards.Count} shards that report." : StateOf(_draft));
        }

        Dictionary<string, ShardView> views = _shards.ToDictionary(shard => shard.Worker.Key);
        ImmutableArray<ImmutableArray<ImmutableArray<long>>> rows = [.. current.Plan.Layers.Select(layer => current.Plan.Shards.Select((shard, i) =>
            layer.Experts[i].Select(expert => views.TryGetValue(shard.Worker.Key, out ShardView? view) ? _heat.RowsOf(view, layer.Layer, expert) : 0).ToImmutableArray()).ToImmutableArray())];
        return new ExpertHeat(current.Plan, rows, _draft is null ? "" : StateOf(_draft));
    }

    /// <summary>Does what is due.</summary>
    public async Task StepAsync()
    {
        await LookAsync();
        if (_draft is null && Propose() is { } proposal)
        {
            _draft = proposal with { Plan = proposal.Plan with { Epoch = ++_lastEpoch } };
        }

        if (_draft is { } draft)
        {
            // What shards hold has changed once it is done: what comes next is for the next step, which asks them.
            await BringOnAsync(draft);
            return;
        }

        if (!_isRetired && _current is { } current && _time.GetElapsedTime(_publishedAt) > _options.RetireDelay)
        {
            _isRetired = await _calls.RetireAsync(current.Plan);
        }
    }

    private static string StateOf(PlanDraft draft) => $"Epoch {draft.Plan.Epoch} is being prepared. {draft.Reason}";

    /// <summary>Sees which shards there are, and now and then what they hold.</summary>
    private async Task LookAsync()
    {
        var listed = await _calls.ListAsync();
        bool same = listed.SequenceEqual(_shards.Select(shard => (shard.Worker, shard.Address)));
        if (same && !_doubted && !_askNow && _time.GetElapsedTime(_askedAt) < _options.AskInterval)
        {
            _isFresh = false;
            return;
        }

        _isFresh = true;
        bool doubted = _doubted;
        _doubted = _askNow = false;
        _askedAt = _time.GetTimestamp();
        ShardView?[] views = await _calls.DescribeAsync(listed);
        for (int i = 0; i < views.Length && same && !doubted; i++)
        {
            // Nobody has missed it yet: it is asked once more before it counts as gone.
            _doubted |= views[i] is null;
            views[i] ??= _shards[i];
        }

        _shards = [.. views.OfType<ShardView>()];
        _lastEpoch = Math.Max(_lastEpoch, _shards.Select(shard => shard.Epoch).DefaultIfEmpty(0).Max());
        if (_current is not null)
        {
            (double[][] shards, double[][] experts) = _heat.Sum(_shards, _layers, _experts);
            _metrics.Balance(_model, _layers, shards, experts);
        }
    }

    /// <summary>Has a plan's shards prepare, and puts it in use once all have.</summary>
    private async Task BringOnAsync(PlanDraft draft)
    {
        if (!draft.Shards.All(wanted => _shards.Any(wanted.IsSameAs)))
        {
            Abandon(draft, "a shard that it counts on is gone.");
            _abandonedAt = null;
            return;
        }

        ShardProgress?[] answers = await _calls.PrepareAsync(draft);
        for (int i = 0; i < answers.Length; i++)
        {
            if (answers[i]?.Fault is { } fault)
            {
                Abandon(draft, $"shard {draft.Shards[i].Worker} cannot hold its part: {fault}");
                return;
            }
        }

        if (answers.All(answer => answer is { IsReady: true }))
        {
            await PublishAsync(draft);
        }
    }

    private async Task PublishAsync(PlanDraft draft)
    {
        _draft = null;
        _current = draft;
        _isRetired = false;
        _publishedAt = _plannedAt = _time.GetTimestamp();
        _askNow = true;
        _window.Begin(_shards);
        _heat.Begin(_shards);
        _metrics.Published(_model, draft.Plan.Epoch, draft.Moved);
        ExpertLog.Published(_logger, draft.Plan.Epoch, draft.Shards.Count, draft.Moved, draft.Reason);
        await _store(draft.Plan);
    }

    private void Abandon(PlanDraft draft, string reason)
    {
        _draft = null;
        _askNow = true;
        _plannedAt = _time.GetTimestamp();
        _abandonedAt = _plannedAt;
        _metrics.Abandoned(_model);
        ExpertLog.Abandoned(_logger, draft.Plan.Epoch, reason);
    }

    private PlanDraft? Propose()
    {
        if (_shards.Count == 0 || (_abandonedAt is { } at && _time.GetElapsedTime(at) < RetryDelay))
        {
            return null;
        }

        if (_current is null)
        {
            // A cluster that starts serves with what its shards came with before they load what they held last.
            return _stored is { } kept && _proposals.Restore(kept, _shards) is { Moved: 0 } held
                ? held
                : _proposals.Begin(_shards, evenIncomplete: _time.GetElapsedTime(_begunAt) > _options.StartPatience);
        }

        if (_isFresh && _proposals.Mend(_current, _shards) is { } mended)
        {
            if (mended.Urgent)
            {
                ExpertLog.Orphaned(_logger, _model, mended.Moved);
            }

            return mended;
        }

        if (_stored is { } stored)
        {
            _stored = null;
            if (_proposals.Restore(stored, _shards) is { Moved: > 0 } restored)
            {
                return restored;
            }
        }

        bool joined = PlanProposals.HasIdle(_current, _shards);
        if (_options.RebalancePeriod == TimeSpan.Zero && !joined)
        {
            return null;
        }

        TimeSpan since = _time.GetElapsedTime(_plannedAt);
        if (since < (joined ? _options.AskInterval : _options.RebalancePeriod))
        {
            return null;
        }

        _plannedAt = _time.GetTimestamp();
        PlanDraft? balanced = _proposals.Balance(_current, _shards, _window.Sum(_shards, _layers, _experts).Experts, _options);
        if (balanced is null)
        {
            // Loads of the next period alone decide then.
            _window.Begin(_shards);
            _metrics.Kept(_model);
        }

        return balanced;
    }
}
