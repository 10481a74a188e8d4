using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Mtp;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers.Steps;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Workers.Speculation;

/// <summary>
/// Drafts for the streams of an engine's next step, as many as the policy thinks worth it. Belongs to the engine's thread; a steady batch
/// allocates nothing.
/// </summary>
internal sealed class Speculator
{
    private readonly WorkerId _worker;
    private readonly IEngine _engine;
    private readonly TimeProvider _time;
    private readonly WorkerMetrics.Worker _metrics;
    private readonly ILogger _logger;
    private readonly DraftLimits _limits;
    private readonly DraftAcceptance _acceptance;
    private readonly DraftPlan _plan = new();
    private readonly List<WorkerSequence> _asking = [];

    /// <param name="worker">Whose engine it is.</param>
    /// <param name="engine">The engine, with an MTP layer.</param>
    /// <param name="context">How far drafting goes, the clock, the log.</param>
    /// <param name="metrics">Where it is counted.</param>
    public Speculator(WorkerId worker, IEngine engine, WorkerContext context, WorkerMetrics.Worker metrics)
    {
        WorkerOptions options = context.Options;
        _worker = worker;
        _engine = engine;
        _time = context.Time;
        _logger = context.Logger;
        _metrics = metrics;
        _acceptance = new DraftAcceptance(options.SpeculativeTokens);

        // A pass runs one layer and the head where a step runs all layers and the head; a head counts as a layer.
        _limits = new DraftLimits(options.SpeculativeTokens, options.DraftBreakEvenRows, 2.0 / (engine.Info.Model.NumHiddenLayers + 1));
    }

    /// <summary>Drafts of one stream in one step at most.</summary>
    public int MostDrafts => _limits.MostDrafts;

    /// <summary>The speculator of a worker; null where it does not draft.</summary>
    public static Speculator? For(WorkerId worker, IEngine engine, WorkerContext context, WorkerMetrics.Worker metrics) =>
        engine.Info.HasMtp && context.Options.SpeculativeTokens > 0 ? new Speculator(worker, engine, context, metrics) : null;

    /// <summary>Gives streams of the next step drafts, which they feed with their last token.</summary>
    /// <param name="sequences">The engine's sequences.</param>
    /// <param name="chunks">[sequences] tokens that each computes in the step.</param>
    /// <param name="tokensLeft">Tokens that the step has room for beside these.</param>
    public void Draft(IReadOnlyList<WorkerSequence> sequences, ReadOnlySpan<int> chunks, int tokensLeft)
    {
        int drafts = DraftPolicy.Choose(Describe(sequences, chunks, tokensLeft), _limits, _acceptance.Chances);
        _acceptance.Rested(drafts);
        for (int i = 0; drafts > 0 && i < chunks.Length; i++)
        {
            if (chunks[i] > 0 && Math.Min(drafts, sequences[i].MostDrafts) is > 0 and int asked)
            {
                _plan.Add(sequences[i].AskForDrafts(asked));
                _asking.Add(sequences[i]);
            }
        }

        if (_plan.Count > 0)
        {
            Run();
        }
    }

    /// <summary>Counts what became of a stream's drafts, of one that had none too.</summary>
    /// <param name="drafted">Drafts that its step verified.</param>
    /// <param name="accepted">How many of them became tokens.</param>
    public void Verified(int drafted, int accepted)
    {
        _acceptance.Verified(drafted, accepted);
        _metrics.Verified(drafted, accepted);
    }

    private static DraftLoad Describe(IReadOnlyList<WorkerSequence> sequences, ReadOnlySpan<int> chunks, int tokensLeft)
    {
        int streams = 0, promptTokens = 0;
        for (int i = 0; i < chunks.Length; i++)
        {
            bool streaming = chunks[i] > 0 && sequences[i].MostDrafts > 0;
            streams += streaming ? 1 : 0;
            promptTokens += streaming ? 0 : chunks[i];
        }

        return new DraftLoad(streams, promptTokens, tokensLeft);
    }

    private void Run()
    {
        long start = _time.GetTimestamp();
        try
        {
            _engine.Draft(_plan);
            for (int i = 0; i < _plan.Count; i++)
            {
                _asking[i].TakeDrafts(_plan[i].Drafts.Length);
            }
        }
        catch (ExpertUnavailableException e)
        {
            // Without drafts the step goes on; if it lacks the expert as well, it ends the requests.
            WorkerLog.DraftsLost(_logger, _worker, _plan.Count, e);
        }

        _plan.Clear();
        _asking.Clear();
        _metrics.Drafted(_time.GetElapsedTime(start));
    }
}
