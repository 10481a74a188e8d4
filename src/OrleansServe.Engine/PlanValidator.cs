using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OrleansServe.Engine.Kv;

namespace OrleansServe.Engine;

/// <summary>Refuses plans that would read or write what they must not, before anything is computed.</summary>
internal sealed class PlanValidator(EngineInfo info, int blockCount, int maxTopLogprobs)
{
    // Which sequence of the current check writes each block; stamped rather than cleared.
    private readonly long[] _writers = new long[blockCount];
    private long _stamp;
    private long _nextStamp = 1;

    /// <exception cref="ArgumentException">Names the sequence, the limit and the value.</exception>
    public void Check(StepPlan plan)
    {
        // Stamps of one check are stamp + index: no two checks share one, however their sizes differ.
        _stamp = _nextStamp;
        _nextStamp += plan.Count;
        long tokens = 0, sampled = 0;
        for (var i = 0; i < plan.Count; i++)
        {
            ref readonly var sequence = ref plan[i];
            CheckSequence(i, sequence);
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

    private void CheckSequence(int index, in StepSequence sequence)
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

        if (sequence.TopLogprobs < 0 || sequence.TopLogprobs > maxTopLogprobs)
        {
            Throw($"sequence {index} asks for {sequence.TopLogprobs} top logprobs, at most {maxTopLogprobs} are given");
        }

        if (sequence.Sampling?.FindFault() is { } fault)
        {
            Throw($"sequence {index}: {fault}");
        }

        var tokens = sequence.Tokens.Span;
        for (var i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)info.VocabularySize)
            {
                Throw($"sequence {index}: token {tokens[i]} at {i} is not below {info.VocabularySize}");
            }
        }

        CheckWrites(index, sequence);
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
