using System.Globalization;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Memory;

namespace OrleansServe.Engine.Mtp;

/// <summary>
/// Drafts for all sequences of a plan at once, one token further with each pass: the first from the main model's state, the next ones from
/// the MTP layer's own. What it writes lies beyond what has been computed, and the step that feeds those positions writes it anew.
/// </summary>
internal sealed class Drafter
{
    private readonly CpuEngine _engine;
    private readonly int _hidden;
    private readonly StepPlan _pass = new();
    private readonly StepResult _result = new();
    private readonly int[] _tokens;
    private readonly int[] _members;
    private readonly float[] _states;

    public Drafter(CpuEngine engine, int maxSequences)
    {
        _engine = engine;
        _hidden = engine.Info.Model.HiddenSize;
        _tokens = new int[maxSequences];
        _members = new int[maxSequences];
        _states = Buffers.Floats("draft states", maxSequences, _hidden);
    }

    /// <exception cref="ArgumentException">Names the sequence, the limit and the value.</exception>
    public void Run(DraftPlan plan)
    {
        Check(plan);
        var count = plan.Count;
        for (var i = 0; i < count; i++)
        {
            _members[i] = i;
            _tokens[i] = plan[i].Token;
            plan[i].State.Span.CopyTo(_states.AsSpan(i * _hidden));
        }

        for (var pass = 0; count > 0; pass++)
        {
            _pass.Clear();
            for (var i = 0; i < count; i++)
            {
                ref readonly var sequence = ref plan[_members[i]];
                _pass.Add(new StepSequence
                {
                    Tokens = _tokens.AsMemory(i, 1),
                    StartPosition = sequence.Position + pass,
                    Blocks = sequence.Blocks,
                    History = sequence.History,
                    SampleRows = 1,
                    Sampling = sequence.Sampling,
                });
            }

            _engine.ForwardMtp(_pass, _states.AsSpan(0, count * _hidden), _result);
            count = Take(plan, pass, count);
        }
    }

    // Hands out the pass's drafts; those that want more move to the front with their states.
    private int Take(DraftPlan plan, int pass, int count)
    {
        var left = 0;
        for (var i = 0; i < count; i++)
        {
            var drafts = plan[_members[i]].Drafts.Span;
            var token = _result[i].Token;
            drafts[pass] = token;
            if (token >= 0 && pass + 1 < drafts.Length)
            {
                _members[left] = _members[i];
                _tokens[left] = token;
                _result.State(i, 0).CopyTo(_states.AsSpan(left * _hidden));
                left++;
            }
        }

        return left;
    }

    // What the check of a pass cannot see: later passes must not fail when earlier ones have been computed.
    private void Check(DraftPlan plan)
    {
        if (plan.Count > _tokens.Length)
        {
            Throw($"the plan has {plan.Count} sequences, the engine samples {_tokens.Length} tokens a step");
        }

        for (var i = 0; i < plan.Count; i++)
        {
            ref readonly var sequence = ref plan[i];
            if (sequence.Drafts.IsEmpty)
            {
                Throw($"sequence {i} asks for no drafts");
            }

            if (sequence.State.Length != _hidden)
            {
                Throw($"sequence {i} has a state of {sequence.State.Length} elements, the model's have {_hidden}");
            }

            var end = (long)sequence.Position + sequence.Drafts.Length;
            if (sequence.Position < 1 || end > _engine.Info.MaxContext)
            {
                Throw($"sequence {i} drafts {sequence.Drafts.Length} tokens from position {sequence.Position}, which must be at least 1; the context is {_engine.Info.MaxContext}");
            }

            if (sequence.Blocks.Length < KvLayout.BlocksFor((int)end))
            {
                Throw($"sequence {i} has {sequence.Blocks.Length} blocks for {end} tokens, needs {KvLayout.BlocksFor((int)end)}");
            }
        }
    }

    private static void Throw(FormattableString message) =>
        throw new ArgumentException("draft plan: " + message.ToString(CultureInfo.InvariantCulture));
}
