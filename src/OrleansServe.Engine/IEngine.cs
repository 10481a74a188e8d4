using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Mtp;

namespace OrleansServe.Engine;

/// <summary>
/// A model on one device with the memory for its keys and values. Every call belongs to one thread, the engine's own; only
/// <see cref="Kv"/> may be used from others, for blocks that no running step touches.
/// </summary>
public interface IEngine : IDisposable
{
    /// <summary>What this engine serves and within which limits.</summary>
    EngineInfo Info { get; }

    /// <summary>The KV blocks of this engine. Which of them are free is the caller's business.</summary>
    IKvMemory Kv { get; }

    /// <summary>
    /// Runs one pass over a mixed batch of prefill chunks and decode rows: writes the KV of every token of the plan and samples
    /// where asked. What a sequence gets depends on its tokens, positions and parameters only, never on the rest of the batch,
    /// on how the prompt was cut into chunks, or on the thread count.
    /// </summary>
    /// <param name="plan">the batch; validated as a whole before anything is computed</param>
    /// <param name="result">filled anew; index i belongs to sequence i of the plan</param>
    /// <exception cref="ArgumentException">A sequence of the plan cannot be run; names the sequence, the limit and the value.</exception>
    /// <exception cref="ExpertUnavailableException">A routed expert could not be computed; the KV written by this step is void.</exception>
    void Step(StepPlan plan, StepResult result);

    /// <summary>
    /// Guesses the next tokens of sequences with the model's MTP layer, for a step that verifies them: a sequence with k drafts feeds them
    /// after its last token and samples 1 + k rows, and <see cref="Verification.CountStanding"/> tells which stand. Drafts are guesses: nothing
    /// that a step gives depends on them. Writes only KV of positions that no step has computed.
    /// </summary>
    /// <param name="plan">the sequences; validated as a whole before anything is computed, and receives the drafts</param>
    /// <exception cref="InvalidOperationException">The engine has no MTP layer (<see cref="EngineInfo.HasMtp"/>).</exception>
    /// <exception cref="ArgumentException">A sequence of the plan cannot be run; names the sequence, the limit and the value.</exception>
    /// <exception cref="ExpertUnavailableException">A routed expert could not be computed; there are no drafts.</exception>
    void Draft(DraftPlan plan);
}
