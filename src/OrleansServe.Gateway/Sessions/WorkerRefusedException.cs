using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Gateway.Sessions;

/// <summary>A worker, or the scheduler, did not do what a request asked of it.</summary>
/// <param name="workers">Who may be at fault; empty for the scheduler.</param>
/// <param name="message">One line for the client.</param>
/// <param name="retryable">Whether another attempt may succeed.</param>
/// <param name="inner">What lies behind it, for the log.</param>
internal sealed class WorkerRefusedException(ImmutableArray<WorkerId> workers, string message, bool retryable, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>Who may be at fault; empty for the scheduler.</summary>
    public ImmutableArray<WorkerId> Workers { get; } = workers;

    /// <summary>Whether another attempt may succeed.</summary>
    public bool Retryable { get; } = retryable;

    /// <summary>The worker is well but full: an overload, not a loss.</summary>
    public bool NoRoom { get; init; }

    /// <summary>The request needs more than the worker has even when it is idle.</summary>
    public bool TooLarge { get; init; }

    /// <summary>A worker went while it had the request.</summary>
    public bool Lost { get; init; }

    /// <summary>A worker has ended or could not be reached, whether it had the request or not.</summary>
    public bool Gone { get; init; }

    /// <summary>The scheduler answered, and admitted nobody: asked later it may.</summary>
    public bool ByScheduler => Answer is not null;

    /// <summary>What a new request's client is told of the scheduler's refusal.</summary>
    public RequestRejectedException? Answer { get; init; }
}
