namespace OrleansServe.Engine.Moe;

/// <summary>
/// Takes the rows of an MoE layer to their experts, wherever those are. The engine calls <see cref="Begin"/>, computes the shared
/// experts, calls <see cref="ComputeLocal"/> and, perhaps after work on other rows, <see cref="Complete"/>, all on its own thread and never twice in flight:
/// an engine that keeps two microbatches in flight has two dispatchers.
/// </summary>
public interface IExpertDispatcher
{
    /// <summary>Starts the work of a layer. Must not wait for it.</summary>
    /// <param name="work">inputs and where the outputs go</param>
    void Begin(in ExpertWork work);

    /// <summary>Whether rows of the work begun last have left for elsewhere, so that computing meanwhile hides their way.</summary>
    bool IsAway => true;

    /// <summary>
    /// Computes what can be computed here without waiting, while rows are away. A dispatcher that has nothing of the kind, or leaves it to <see cref="Complete"/>, does nothing.
    /// </summary>
    void ComputeLocal()
    {
    }

    /// <summary>Waits until the output of the work begun last is filled.</summary>
    /// <exception cref="ExpertUnavailableException">An expert could not be computed within the dispatcher's limit.</exception>
    void Complete();
}
