using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OrleansServe.Engine.Kv;

namespace OrleansServe.Engine;

/// <summary>Refuses plans that would read or write what they must not, before anything is computed.</summary>
internal sealed class PlanValidator(EngineInfo info, int blockCount)
{
    // Which sequence of the current check writes each block; stamped rather than cleared.
    private readonly long[] _writers = new long[blockCount];
    private long _stamp;
    private long _nextStamp = 1;

    /// <summary>Checks a plan.</summary>
    /// <param name="plan">the plan</param>
    /// <param name="drafting">whether the pass only guesses, so that its histories may end early</param>
    /// <exception cref="ArgumentException">Names the sequence, the limit and the value.</exception>
    public void Check(StepPlan plan, bool drafting)
    {
        // Stamps of one check are stamp + index: no two checks share one, however their sizes differ.
        _stamp = _nextStamp;
        _nextStamp += plan.Count;
        long tokens = 0, sampled = 0;
        for (var i = 0; i < plan.Count; i++)
        {
            ref readonly var sequence = ref plan[i];
            CheckSequence(i, sequence, drafting);
            tokens += sequence.Tokens.Length;
            sampled += sequence.SampleRows;
        }

        if (tokens > info.MaxBatchTokens)
        {
            Throw($"the plan has {tokens} tokens, the engine takes {info.MaxBatchTokens} a step");
        }

        if (sampled > info.MaxSampledTokens)
        {
            Throw($"the plan samples {sampled} tokens, the engine takes {info.MaxSampledTokens} a step");
        }

        for (var i = 0; i < plan.Count; i++)
        {
            CheckReads(i, plan[i]);
        }
    }

    private void CheckSequence(int index, in StepSequence sequence, bool drafting)
    {
        var count = sequence.Tokens.Length;
        if (count == 0)
        {
            Throw($"sequence {index} has no tokens");
        }

        if (sequence.StartPosition < 0 || (long)sequence.StartPosition + count > info.MaxContext)
        {
            Throw($"sequence {index} has {count} tokens from position {sequence.StartPosition}, the context is {info.MaxContext}");
        }

        if (sequence.SampleRows < 0 || sequence.SampleRows > count)
        {
            Throw($"sequence {index} samples {sequence.SampleRows} of {count} tokens");
        }

        if (sequence.CachedRows < 0 || sequence.CachedRows > count)
        {
            Throw($"sequence {index} has {sequence.CachedRows} of {count} tokens cached");
        }

        if (sequence.PreviousState.Length != 0 && sequence.PreviousState.Length != info.Model.HiddenSize)
        {
            Throw($"sequence {index} has a state of {sequence.PreviousState.Length} elements, the model's have {info.Model.HiddenSize}");
        }

        if (sequence.TopLogprobs < 0 || sequence.TopLogprobs > info.MaxTopLogprobs)
        {
            Throw($"sequence {index} asks for {sequence.TopLogprobs} top logprobs, at most {info.MaxTopLogprobs} are given");
        }

        CheckTokens(index, "token", sequence.Tokens.Span);
        CheckSampling(index, sequence, drafting);
        CheckTargets(index, sequence);
        CheckWrites(index, sequence);
    }

    private void CheckSampling(int index, in StepSequence sequence, bool drafting)
    {
        if (sequence.Sampling?.FindFault(info.VocabularySize) is { } fault)
        {
            Throw($"sequence {index}: {fault}");
        }

        if (sequence.SampleRows > 0 && sequence.Sampling is { CountsTokens: true })
        {
            var (given, needed) = (sequence.History.Length, sequence.StartPosition);
            if (given > needed || (given < needed && !drafting))
            {
                Throw($"sequence {index} has a history of {given} tokens, its penalties need {needed}");
            }

            CheckTokens(index, "history token", sequence.History.Span);
        }
    }

    private void CheckTargets(int index, in StepSequence sequence)
    {
        if (sequence.Targets.Length > sequence.Tokens.Length)
        {
            Throw($"sequence {index} has {sequence.Targets.Length} targets for {sequence.Tokens.Length} tokens");
        }

        if (sequence.TargetTopLogprobs < 0 || sequence.TargetTopLogprobs > info.MaxTopLogprobs)
        {
            Throw($"sequence {index} asks for {sequence.TargetTopLogprobs} top logprobs of targets, at most {info.MaxTopLogprobs} are given");
        }

        CheckTokens(index, "target", sequence.Targets.Span);
    }

    private void CheckTokens(int index, string what, ReadOnlySpan<int> tokens)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)info.VocabularySize)
            {
                Throw($"sequence {index}: {what} {tokens[i]} at {i} is not below {info.VocabularySize}");
            }
        }
    }

    private void CheckWrites(int index, in StepSequence sequence)
    {
        var end = sequence.StartPosition + sequence.Tokens.Length;
        var needed = KvLayout.BlocksFor(end);
        if (sequence.Blocks.Length < needed)
        {
            Throw($"sequence {index} has {sequence.Blocks.Length} blocks for {end} tokens, needs {needed}");
        }

        var blocks = sequence.Blocks.Span[..needed];
        for (var i = 0; i < needed; i++)
        {
            if ((uint)blocks[i] >= (uint)blockCount)
            {
                Throw($"sequence {index}: block {blocks[i]} at {i} is not below {blockCount}");
            }
        }

        for (var i = FirstWritten(sequence); i < needed; i++)
        {
            if (_writers[blocks[i]] >= _stamp)
            {
                Throw($"sequence {index}: block {blocks[i]} at {i} is written by sequence {_writers[blocks[i]] - _stamp} as well");
            }

            _writers[blocks[i]] = _stamp + index;
        }
    }

    private void CheckReads(int index, in StepSequence sequence)
    {
        var blocks = sequence.Blocks.Span[..FirstWritten(sequence)];
        for (var i = 0; i < blocks.Length; i++)
        {
            if (_writers[blocks[i]] >= _stamp)
            {
                Throw($"sequence {index} reads block {blocks[i]} at {i}, which sequence {_writers[blocks[i]] - _stamp} writes");
            }
        }
    }

    // Place in the block table of the first block that is written; the number of blocks where none is.
    private static int FirstWritten(in StepSequence sequence) => sequence.CachedRows == sequence.Tokens.Length
        ? KvLayout.BlocksFor(sequence.StartPosition + sequence.Tokens.Length)
        : (sequence.StartPosition + sequence.CachedRows) / KvLayout.BlockTokens;

    [DoesNotReturn]
    private static void Throw(FormattableString message) =>
        throw new ArgumentException("step plan: " + message.ToString(CultureInfo.InvariantCulture));
}
