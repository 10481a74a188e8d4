using System.Reflection;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>A grain, or the factory of grains, whose calls a test answers.</summary>
public class GrainFake : DispatchProxy
{
    private Func<MethodInfo, object?[], object?> _answer = (method, _) => throw new NotSupportedException(method.Name);

    /// <summary>Makes one.</summary>
    /// <param name="answer">Answers a call of a method with its arguments.</param>
    public static T Of<T>(Func<MethodInfo, object?[], object?> answer)
        where T : class
    {
        T fake = Create<T, GrainFake>();
        ((GrainFake)(object)fake)._answer = answer;
        return fake;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!, args ?? []);
}
