namespace OrleansServe.Silo.Hosting;

/// <summary>The cluster's Redis did not answer within the time that a start waits for it.</summary>
/// <param name="message">One line: where it is, and for how long it was tried.</param>
/// <param name="inner">What the last attempt met.</param>
public sealed class RedisUnreachableException(string message, Exception inner) : Exception(message, inner);
